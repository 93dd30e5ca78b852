"""Matrices out of a file of one's own: .npz, .npy, .json or .csv, from PyTorch, NumPy or a spreadsheet.

Vocabulary
    file       a name and its bytes; nothing of it is believed: sizes are checked before anything is unpacked, objects
               are never unpickled
    spelling   how a matrix is called elsewhere: "Q", "query", "q_proj.weight"; each means a name of ours
    note       a sentence on what was assumed, or done to a matrix: transposed, a batch of one taken away
    computed   what the file holds besides the given matrices: weights, output. They are compared, not loaded
    found      all of it together
"""

import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from attention_core.numerals import LIMIT, NumberError
from attention_core.printed import read

MOST_BYTES = 5_000_000  # of a file, packed or not
MOST_ENTRIES = 64
MOST_CELLS = 20_000  # of one matrix
KINDS = (".npz", ".npy", ".json", ".csv", ".txt")
_DEEPEST = 6  # lists within lists

_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "q": ("q", "query", "queries"), "k": ("k", "key", "keys"), "values": ("v", "value", "values"),
    "x": ("x", "embeddings", "embedding", "hidden_states"), "source": ("source", "z", "memory"),
    "w_q": ("w_q", "wq"), "w_k": ("w_k", "wk"), "w_v": ("w_v", "wv"), "w_o": ("w_o", "wo"),
    "mask": ("mask", "attn_mask", "attention_mask"), "bias": ("bias", "attn_bias", "position_bias"),
    "weights": ("weights", "attn_weights", "attention_weights", "attention", "a"),
    "output": ("output", "out", "o", "attn_output"),
}  # fmt: skip
_LINEAR = {"q_proj.weight": "w_q", "k_proj.weight": "w_k", "v_proj.weight": "w_v", "o_proj.weight": "w_o",
           "out_proj.weight": "w_o"}  # of torch.nn.Linear, which keeps [out, in]  # fmt: skip
_JOINED = "in_proj_weight"  # of torch.nn.MultiheadAttention: those of q, k and v, one below the other
_COMPUTED = ("weights", "output")
_WORDS = ("tokens", "words")
_KNOWN = {spelling: name for name, spellings in _SPELLINGS.items() for spelling in spellings}


class ImportProblem(ValueError):
    """A file that cannot be used; the message says what was wrong and what is allowed."""


@dataclass
class Found:
    """What files hold. matrices: float64 or bool, by our names; computed likewise."""

    matrices: dict[str, np.ndarray] = field(default_factory=dict)
    computed: dict[str, np.ndarray] = field(default_factory=dict)
    tokens: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    single: bool = False  # whether the numbers were float32 or less


def read_files(files: Iterable[tuple[str, bytes]]) -> Found:
    """All that these files hold, (name, bytes) each. Raises ImportProblem for the first that cannot be used."""
    found = Found()
    for name, data in files:
        for entry, value in _entries(name, data):
            _take(found, entry, value)
    if not found.matrices:
        raise ImportProblem(f"No matrix of attention was found. {_allowed()}")
    return found


def _allowed() -> str:
    return "Names that are known: q, k, v; or x, w_q, w_k, w_v, w_o; besides: source, mask, bias, tokens."


# --- From bytes to arrays --------------------------------------------------------------------------------------------


def _entries(name: str, data: bytes) -> Iterator[tuple[str, object]]:
    """The arrays of a file, by what each is called there."""
    if len(data) > MOST_BYTES:
        raise ImportProblem(f"“{_short(name)}” has {len(data):,} bytes; at most {MOST_BYTES:,} are read.")
    stem, dot, kind = name.lower().rpartition(".")
    if dot + kind not in KINDS:
        raise ImportProblem(f"“{_short(name)}” is none of {', '.join(KINDS)}. Save the matrices as one of these.")
    if not data:
        raise ImportProblem(f"“{_short(name)}” is empty.")
    if kind == "npz":
        yield from _npz(name, data)
    elif kind == "npy":
        yield stem, _npy(name, data)
    elif kind == "json":
        yield from _json(name, data)
    else:
        yield from _csv(name, stem, data)


def _npz(name: str, data: bytes) -> Iterator[tuple[str, object]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > MOST_ENTRIES:
                raise ImportProblem(f"“{_short(name)}” holds {len(members)} files; at most {MOST_ENTRIES} are read.")
            total = sum(member.file_size for member in members)
            if total > MOST_BYTES:
                raise ImportProblem(
                    f"“{_short(name)}” would have {total:,} bytes unpacked; at most {MOST_BYTES:,} are read."
                )
            for member in members:
                with archive.open(member) as opened:
                    inner = opened.read(MOST_BYTES + 1)  # whatever the directory says
                if len(inner) > MOST_BYTES:
                    raise ImportProblem(f"“{_short(name)}” is larger unpacked than it says.")
                yield member.filename.removesuffix(".npy"), _npy(f"{name}: {member.filename}", inner)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise ImportProblem(f"“{_short(name)}” is no .npz file, or was cut short. Save it with np.savez.") from error
    except ValueError as error:
        if isinstance(error, ImportProblem):
            raise
        raise ImportProblem(f"“{_short(name)}” is damaged. Save it with np.savez.") from error
    except Exception as error:  # zlib.error and others of the decompressors have no common base
        raise ImportProblem(f"“{_short(name)}” is damaged. Save it with np.savez.") from error


def _npy(name: str, data: bytes) -> np.ndarray:
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        shape, _, dtype = header[version](stream)
    except (
        Exception
    ) as error:  # NumPy parses the header as Python's own literals, and lets all that may go wrong through
        raise ImportProblem(f"“{_short(name)}” is no array of NumPy. Save it with np.save or np.savez.") from error
    if dtype.hasobject:
        raise ImportProblem(
            f"“{_short(name)}” holds Python objects. To read them would be to run whatever the file says, so they are "
            "refused. Save plain arrays of numbers."
        )
    cells = int(np.prod([int(n) for n in shape], dtype=object)) if shape else 1
    if cells > MOST_CELLS or min(shape, default=1) < 0:
        raise ImportProblem(f"“{_short(name)}” has {cells:,} numbers; at most {MOST_CELLS:,} are read of one matrix.")
    stream.seek(0)
    try:
        return np.lib.format.read_array(stream, allow_pickle=False)
    except Exception as error:
        raise ImportProblem(f"“{_short(name)}” was cut short: it has fewer numbers than it says.") from error


def _json(name: str, data: bytes) -> Iterator[tuple[str, object]]:
    try:
        held = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise ImportProblem(f"“{_short(name)}” is no text in UTF-8.") from error
    except RecursionError as error:
        raise ImportProblem(f"“{_short(name)}” has too many lists within lists.") from error
    except ValueError as error:
        if isinstance(error, ImportProblem):
            raise
        raise ImportProblem(f"“{_short(name)}” is no JSON, or was cut short: {error}.") from error
    if not isinstance(held, dict):
        raise ImportProblem(f'“{_short(name)}” should hold names with matrices: {{"q": [[1, 0], ...], ...}}.')
    if isinstance(held.get("given"), dict):  # as this app writes all numbers of a page
        labels = held.get("labels")
        held, tokens = held["given"], labels.get("query") if isinstance(labels, dict) else None
        held = {key: record.get("values") if isinstance(record, dict) else record for key, record in held.items()}
        held |= {"tokens": tokens} if tokens else {}
    if len(held) > MOST_ENTRIES:
        raise ImportProblem(f"“{_short(name)}” holds {len(held)} names; at most {MOST_ENTRIES} are read.")
    for key, value in held.items():
        yield key, value if key.lower() in _WORDS else _nested(key, value)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = [key for key, _ in pairs]
    twice = next((key for key in names if names.count(key) > 1), None) if len(names) <= MOST_ENTRIES else None
    if twice is not None:
        raise ImportProblem(f"The name “{_short(twice)}” stands twice in the file. Each matrix is named once.")
    return dict(pairs)


def _no_constant(text: str) -> float:
    if text == "-Infinity":
        return -np.inf
    raise ImportProblem(f"The file holds {text}, which is no number to compute with.")


def _nested(name: str, value: object) -> np.ndarray:
    """Lists within lists as an array. Raises ImportProblem where rows differ in length, or hold no numbers."""
    shape, rest = [], value
    while isinstance(rest, list):
        shape.append(len(rest))
        if not rest or len(shape) > _DEEPEST:
            raise ImportProblem(f"{_short(name)}: there is an empty list, or there are too many lists within lists.")
        rest = rest[0]
    flat: list[object] = [value]
    for depth, n in enumerate(shape):
        for at, part in enumerate(flat):
            if not isinstance(part, list) or len(part) != n:
                has = len(part) if isinstance(part, list) else "no"
                raise ImportProblem(
                    f"{_short(name)}: row {at + 1} has {has} numbers, but row 1 has {n}. All rows need as many."
                    if depth else f"{_short(name)} holds no list of rows."
                )  # fmt: skip
        flat = [inner for part in flat for inner in part]
        if len(flat) > MOST_CELLS:
            raise ImportProblem(f"{_short(name)} has more than {MOST_CELLS:,} numbers; no more are read of one matrix.")
    numbers = [_plain_number(name, x) for x in flat]
    return np.array(numbers).reshape(shape) if shape else np.array(numbers[0])


def _plain_number(name: str, x: object) -> float | bool:
    if isinstance(x, bool):
        return x
    if x in ("-inf", "inf"):
        return float(x)
    if isinstance(x, int | float):
        try:
            return float(x)
        except OverflowError:
            raise ImportProblem(f"{_short(name)} holds a number that is too large.") from None
    raise ImportProblem(f"{_short(name)} holds {_short(repr(x))}, which is no number.")


def _csv(name: str, stem: str, data: bytes) -> Iterator[tuple[str, object]]:
    """One matrix, called as the file is; names beside its rows are its words."""
    try:
        printed = read(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ImportProblem(f"“{_short(name)}” is no text in UTF-8.") from error
    except NumberError as error:
        raise ImportProblem(f"“{_short(name)}”: {error}") from None
    own = stem.rpartition("/")[2]
    yield own, printed.value
    if printed.rows and _KNOWN.get(own) in ("x", "q"):
        yield "tokens", list(printed.rows)


# --- From arrays to matrices of attention ----------------------------------------------------------------------------


def _take(found: Found, called: str, value: object) -> None:
    """One entry of a file into what was found."""
    name = called.lower().rpartition("/")[2]
    if name in _WORDS:
        found.tokens = _tokens(value)
        return
    if not isinstance(value, np.ndarray):
        raise ImportProblem(f"“{_short(called)}” is no matrix.")
    layer = re.fullmatch(r"(?P<of>layer[1-9]\.)?(?P<own>.*)", name, re.DOTALL)
    linear = next((ours for theirs, ours in _LINEAR.items() if name.endswith(theirs)), "")
    if name.endswith(_JOINED):
        _joined(found, called, _checked(called, value))
    elif linear:
        _put(found, linear, _checked(linear, value).T)
        found.notes.append(f"{_short(called)} was transposed: torch.nn.Linear keeps [out, in], and a row of X is "
                           "multiplied from the left.")  # fmt: skip
    elif layer["own"] in _KNOWN:
        ours = (layer["of"] or "") + _KNOWN[layer["own"]]
        found.single |= value.dtype in (np.float16, np.float32)
        _put(found, ours, _unbatched(found, ours, _checked(ours, value)))
    elif name not in ("scale", "temperature"):
        found.notes.append(f"“{_short(called)}” is not known, and was left aside. {_allowed()}")


def _put(found: Found, name: str, value: np.ndarray) -> None:
    into = found.computed if name in _COMPUTED else found.matrices
    if name in into:
        raise ImportProblem(f"There are two matrices that mean {name}. Give one.")
    into[name] = value


def _joined(found: Found, called: str, value: np.ndarray) -> None:
    if value.ndim != 2 or len(value) % 3:
        raise ImportProblem(f"{_short(called)} should have three times as many rows as columns.")
    for name, part in zip(("w_q", "w_k", "w_v"), np.split(value, 3), strict=True):
        _put(found, name, part.T)
    found.notes.append(f"{_short(called)} was cut into W_Q, W_K and W_V, and each was transposed. They are taken for "
                       "one head.")  # fmt: skip


def _tokens(value: object) -> tuple[str, ...]:
    listed = value.tolist() if isinstance(value, np.ndarray) else value
    if not isinstance(listed, list) or not all(isinstance(word, str) for word in listed):
        raise ImportProblem("The tokens should be a list of words.")
    return tuple("_".join(word.split()) or "_" for word in listed)


def _checked(name: str, value: np.ndarray) -> np.ndarray:
    """The matrix as float64 or bool. Raises ImportProblem for what is no number, or none to compute with."""
    if value.dtype.kind not in "fiub":
        what = "complex numbers" if value.dtype.kind == "c" else "no numbers"
        raise ImportProblem(f"{_short(name)} holds {what} ({value.dtype}); only real numbers are read.")
    if value.size > MOST_CELLS:
        raise ImportProblem(f"{_short(name)} has {value.size:,} numbers; at most {MOST_CELLS:,} are read of a matrix.")
    if name == "mask":
        return _mask(value)
    value = value.astype(float) if value.dtype == bool else value
    made = np.array([float(str(x)) for x in value.ravel()]).reshape(value.shape)  # float32's 0.1 is 0.1
    bad = np.argwhere(~(np.abs(made) <= LIMIT))
    if len(bad):
        at = tuple(bad[0].tolist())
        says = "must be finite" if not np.isfinite(made[at]) else f"must lie between −{LIMIT:,.0f} and {LIMIT:,.0f}"
        where = ", ".join(f"{word} {i + 1}" for word, i in zip(("row", "column"), at[-2:], strict=False))
        raise ImportProblem(f"{_short(name)} has {made[at]} in {where}; every number {says}.")
    return made


def _mask(value: np.ndarray) -> np.ndarray:
    """Who may see whom, of booleans, of 1 and 0, or of what is added to scores: 0, or −∞."""
    if value.dtype == bool or np.isin(value, (0, 1)).all():
        return value.astype(bool)
    with np.errstate(invalid="ignore"):
        if np.isin(value, (0, -np.inf)).all() or ((value == 0) | (value <= -1e4)).all():
            return value == 0
    raise ImportProblem("mask should hold true and false, 1 and 0, or 0 and −∞. Numbers to add are a bias.")


def _unbatched(found: Found, name: str, value: np.ndarray) -> np.ndarray:
    """The matrix of one sentence, with heads in front or without."""
    whole = value
    while value.ndim > 3 or (value.ndim == 3 and len(value) == 1):
        if len(value) != 1:
            raise ImportProblem(
                f"{name} is {' × '.join(map(str, whole.shape))}: {len(value)} sentences at once. Save one: {name}[:1]."
            )
        value = value[0]
    if value.ndim < 2:
        raise ImportProblem(f"{name} has {value.ndim} axes; a matrix has rows and columns.")
    if value.ndim < whole.ndim:
        found.notes.append(f"{name} was {' × '.join(map(str, whole.shape))}; the axes of size 1 were taken away.")
    if name in ("x", "source", "mask") and value.ndim == 3:
        raise ImportProblem(f"{name} is {' × '.join(map(str, value.shape))}; it should have rows and columns only.")
    return value


def _short(text: str) -> str:
    plain = "".join(char if char.isprintable() else "·" for char in text)
    return plain if len(plain) <= 48 else plain[:44] + "…"
