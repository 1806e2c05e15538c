"""A checkpoint as CTranslate2 reads it: converted once, kept by revision and quantization."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from mhx.atomic import alone
from mhx.errors import os_problem
from mhx.files import hash_json, write_json
from mhx.seq2seq.checkpoint import LOADING_ERRORS, Checkpoint, missing, not_loaded

DONE = "mhx.json"  # written last: says what the folder was made from


def converted(checkpoint: Checkpoint, quantization: str, cache: Path) -> Path:
    """The folder of the converted model below `cache`/ct2; made when it is not there.

    Its name is a hash of model, revision, quantization and version, so that no other weights are
    read by mistake. It is made beside its place and renamed: a killed conversion leaves nothing
    that counts, and the next one clears what was left. Two processes convert once. Raises
    MhxError for a model CTranslate2 does not know and for a full disk.
    """
    try:
        import ctranslate2
    except ImportError as error:
        raise missing("ct2", error) from error
    about = {
        "model": checkpoint.name,
        "revision": checkpoint.revision,
        "quantization": quantization,
        "ctranslate2": ctranslate2.__version__,
    }
    known = dict(about)
    if checkpoint.revision.startswith("local-"):
        del known["model"]  # the revision is the hash of its files, wherever they lie
    place = cache / "ct2" / f"{hash_json(known)[:16]}-{quantization}"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with alone(place):
            if not (place / DONE).is_file():
                _clear(place)
                _convert(checkpoint, quantization, place, about)
    except OSError as error:
        raise os_problem(error, place) from error
    return place


def _convert(checkpoint: Checkpoint, quantization: str, place: Path, about: dict[str, str]) -> None:
    try:
        temporary = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}."))
        try:
            _converter(checkpoint).convert(str(temporary), quantization=quantization, force=True)
            write_json(temporary / DONE, about)
            for path in temporary.iterdir():
                with path.open("rb+") as opened:
                    os.fsync(opened.fileno())
            temporary.rename(place)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
            gc.collect()  # the weights in torch's format: as much memory again
    except ImportError as error:
        raise missing("ct2", error) from error
    except LOADING_ERRORS as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk, not the model
        raise not_loaded("ct2", checkpoint.name, error) from error


def _converter(checkpoint: Checkpoint) -> Any:
    from ctranslate2.converters import TransformersConverter

    class Faithful(TransformersConverter):  # type: ignore[misc]
        """The converter, refusing what it would change in silence."""

        def load_model(self, *args: Any, **options: Any) -> Any:
            model = super().load_model(*args, **options)
            if model.config.model_type == "marian":
                start = model.get_decoder().get_input_embeddings().weight
                if start[model.config.decoder_start_token_id].any():
                    # fine-tuning with tied weights moves it; CTranslate2 always starts from zero
                    raise ValueError("its decoder does not start from zero: use hf for it")
            return model

    return Faithful(checkpoint.name, low_cpu_mem_usage=True)


def _clear(place: Path) -> None:
    """Remove what a killed conversion left; only the holder of the lock comes here."""
    for path in (place, *place.parent.glob(f".{place.name}.*")):
        shutil.rmtree(path, ignore_errors=True)
