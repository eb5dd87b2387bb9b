from __future__ import annotations

from pathlib import Path

import pytest

from miniatures import CSV_HEAD, photograph, write_csv
from prepared import config
from robust_dml.data import open_dataset
from robust_dml.data.index.build import build_index
from robust_dml.data.index.file import Index, read_index
from robust_dml.data.loading.dataset import Dataset
from robust_dml.data.paths import own_folders
from robust_dml.data.store.build import build_store
from robust_dml.data.verify import verify
from robust_dml.runtime.errors import UserError

SMALL = {"size": 16, "resize": 20, "train_side": 24}
ROWS = [
    *("3,a/1.jpg,train,,", "3,a/2.jpg,train,,", "20,b/1.jpg,train,,", "20,b/2.jpg,train,,"),
    *("7,c/1.jpg,validation,True,False", "7,c/2.jpg,validation,False,True", "7,c/3.jpg,validation,True,True"),
    *("9,d/1.jpg,validation,1,0", "9,d/2.jpg,validation,0.0,1.0"),
    "100,distractor.jpg,validation,False,True",
]


def index_of(root: Path, rows: list[str] = ROWS, head: str = CSV_HEAD) -> Index:
    write_csv(root / "own", rows, head)
    return read_index(build_index(config("csv", csv=root / "own" / "list.csv"), root, Path(), workers=1))


def opened(root: Path, **keys: object) -> Dataset:
    settings = config("csv", csv=root / "own" / "list.csv", transform=SMALL, **keys)
    build_store(settings, root, workers=1)
    return open_dataset(settings, root)


def test_classes_splits_and_roles(tmp_path: Path) -> None:
    index = index_of(tmp_path)
    assert list(dict.fromkeys(index.classes)) == ["3", "7", "9", "20", "100"]  # by value
    roles = {path: {role for role, of in index.roles.items() if of[row]} for row, path in enumerate(index.paths)}
    assert roles["c/1.jpg"] == {"query"} and roles["c/3.jpg"] == {"query", "gallery"} and roles["a/1.jpg"] == set()
    assert roles["d/2.jpg"] == roles["distractor.jpg"] == {"gallery"}
    training = {path for row, path in enumerate(index.paths) if index.splits["listed"][row]}
    assert training == {"a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg"}
    assert index.groups == {}


def test_parts_are_those_of_the_list(tmp_path: Path) -> None:
    index = index_of(tmp_path)
    dataset = opened(tmp_path)
    assert dataset.config.split == "listed"
    queries, gallery = dataset.queries_and_gallery()
    assert [index.paths[i] for i in queries.ids] == ["c/1.jpg", "c/3.jpg", "d/1.jpg"]
    assert [index.paths[i] for i in gallery.ids] == ["c/2.jpg", "c/3.jpg", "d/2.jpg", "distractor.jpg"]
    assert len(dataset.part("train")) == 4
    assert "10 images of 5 classes as indexed, and as packed" in verify(dataset.config, tmp_path, workers=1)


def test_one_part_where_all_are_both(tmp_path: Path) -> None:
    index_of(tmp_path, [f"{label},{label}-{n}.jpg,test,True,True" for label in "ab" for n in range(2)])
    queries, gallery = opened(tmp_path).queries_and_gallery()
    assert queries is gallery and len(queries) == 4


def test_images_may_lie_elsewhere_and_be_named_whole(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "photos", ["a,x.jpg,test,True,True", "a,y.jpg,test,True,True", "b,z.jpg,test,0,1"])
    text = file.read_text().replace("x.jpg", str((tmp_path / "photos" / "x.jpg").absolute()))
    listed = tmp_path / "lists" / "shoes.csv"
    listed.parent.mkdir()
    listed.write_text(text)
    settings = config("csv", csv=listed, folder=tmp_path / "photos")
    assert read_index(build_index(settings, tmp_path, Path(), workers=1)).paths == ["x.jpg", "y.jpg", "z.jpg"]
    assert own_folders(settings) == [listed]
    assert settings.record.count(settings.options) == 3


def test_groups_are_sequences_and_cameras_of_one_class(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        *("a,1.jpg,test,True,True,s1,c1", "a,2.jpg,test,True,True,s1,c2", "a,3.jpg,test,False,True,,c1"),
        *("b,4.jpg,test,True,True,s1,c1", "b,5.jpg,test,False,True,,", "b,6.jpg,test,True,True,s2,"),
        *("c,7.jpg,test,True,False,s3,c9", "c,8.jpg,test,False,True,s3,c8"),
    ]
    index = index_of(tmp_path, rows, f"{CSV_HEAD},sequence,camera")

    def together(kind: str) -> set[frozenset[str]]:
        numbers = index.groups[kind].tolist()
        sets = (frozenset(p for p, n in zip(index.paths, numbers, strict=True) if n == each) for each in set(numbers))
        return {one for one in sets if len(one) > 1}

    assert together("sequence") == {frozenset({"1.jpg", "2.jpg", "4.jpg"}), frozenset({"7.jpg", "8.jpg"})}
    assert together("camera") == {frozenset({"1.jpg", "3.jpg"})}  # one camera, but other people, compete
    said = capsys.readouterr().err
    assert "2 of 5 queries have only positives of their own sequence or camera, such as 1.jpg; they are not" in said
    queries, _ = opened(tmp_path).queries_and_gallery()
    assert queries.groups.shape == (5, 2)


def test_boxes_are_ignored_and_that_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"{row},1,2,3,4" if "train" in row else f"{row},,,," for row in ROWS]
    index_of(tmp_path, rows, f"{CSV_HEAD},x_1,y_1,x_2,y_2")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("the boxes of 4 images (x_1, x_2, y_1, y_2) are ignored: whole images are used")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((CSV_HEAD, "label,path,split,is_query"), "no column is_gallery; it has label, path, split, is_query;"),
        (("c/1.jpg", "../c/1.jpg"), r"\.\./c/1.jpg: outside the folder of the images"),
        (("c/1.jpg", "c/2.jpg"), "c/2.jpg: listed twice"),
        (("9,d/2.jpg", "100,d/2.jpg"), "1 of 3 queries have no other image .* such as d/1.jpg of class 9; add one"),
        (("True,True", "True,False"), None),
        (("7,c/2.jpg,validation,False,True\n", ""), "1 of 3 queries have no other .*, such as c/3.jpg of class 7"),
        (("train,,", "train,True,"), "line 2: an image of split train must be neither query nor gallery"),
        (("validation,True,False", "validation,,"), "line 6: an image of split validation must be a query, in the"),
        (("True,False", "maybe,False"), "line 6: is_query must be True or False, found maybe"),
        (("3,a/1.jpg", ",a/1.jpg"), "line 2: expected a label and a path, found no label and a/1.jpg"),
        (("a/1.jpg,train", "a/1.jpg,training"), "line 2: split must be train or validation, found training"),
        (("d/2.jpg", "d/absent.jpg"), "d/absent.jpg"),
    ],
)
def test_mistakes_end_in_one_line(tmp_path: Path, change: tuple[str, str], said: str | None) -> None:
    file = write_csv(tmp_path / "own", ROWS)
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "1.jpg").write_bytes(photograph(1))
    before, after = change
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))
    settings = config("csv", csv=file)
    if said is None:
        build_index(settings, tmp_path, Path(), workers=1)
        return
    with pytest.raises(UserError, match=said) as raised:
        build_index(settings, tmp_path, Path(), workers=1)
    assert "\n" not in str(raised.value)


def test_no_queries_no_gallery_no_file(tmp_path: Path) -> None:
    rows = ["a,1.jpg,test,{},{}", "b,2.jpg,test,{},{}"]
    for flags, said in ((("1", "0"), "no line has is_gallery"), (("0", "1"), "no line has is_query")):
        with pytest.raises(UserError, match=f"{said}; recall needs queries and a gallery"):
            index_of(tmp_path, [row.format(*flags) for row in rows])
    with pytest.raises(UserError, match=r"absent\.csv: cannot be read as a CSV file"):
        build_index(config("csv", csv=tmp_path / "absent.csv"), tmp_path, Path(), workers=1)
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00label")
    with pytest.raises(UserError, match=r"bytes\.csv: cannot be read as a CSV file in UTF-8"):
        build_index(config("csv", csv=tmp_path / "bytes.csv"), tmp_path, Path(), workers=1)
