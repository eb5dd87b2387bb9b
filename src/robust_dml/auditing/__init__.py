"""An audit: any encoder, one command; it is a study of one model that is not trained here."""
