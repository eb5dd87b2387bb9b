from __future__ import annotations

from pathlib import Path

import miniatures
from miniatures import archive, source, zipped
from prepared import prepare
from robust_dml.data.datasets.sop import CATEGORIES
from robust_dml.data.index.file import read_index


def test_sop(tmp_path: Path) -> None:
    content = zipped(miniatures.sop_files())
    entry = source(20, 8, original=[archive("Stanford_Online_Products.zip", content)])
    index = read_index(prepare(tmp_path, "sop", entry, **{"Stanford_Online_Products.zip": content}))
    classes = list(dict.fromkeys(index.classes))
    assert classes == [
        *("bicycle_111000000003", "bicycle_111000000030", "mug_111000000001", "mug_111000000007"),
        *("lamp_111000000002", "lamp_111000000005", "toaster_111000000011", "toaster_111000000012"),
    ]
    assert CATEGORIES.index("mug") < CATEGORIES.index("lamp")  # as the released code has them
    assert {c for c, side in zip(index.classes, index.splits["sorted"], strict=True) if side} == set(classes[:4])
    official = {c for c, side in zip(index.classes, index.splits["official"], strict=True) if side}
    assert official == {"bicycle_111000000003", "mug_111000000001", "lamp_111000000002", "toaster_111000000011"}
