"""Fetching a checkpoint from the hub, only the files that hfreader reads."""

from pathlib import Path

from huggingface_hub import HfApi, constants, hf_hub_download, snapshot_download
from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError

from hfreader.errors import HfreaderError
from hfreader.progress import Report

WANTED = (".json", ".safetensors", ".txt", ".model")
PATIENCE = 10.0
"""Seconds that the hub may take to say which files a repository has."""


def fetch(name: str, report: Report, offline: bool = False, endpoint: str | None = None) -> Path:
    """The local folder of a hub checkpoint, downloaded into the hub's own cache where it is not there yet.

    Only configuration, tokenizer and safetensors files at the root of the repository are fetched. Raises
    HfreaderError where the id is not valid, the repository unknown or gated, or the hub out of reach with nothing
    in the cache.
    """
    if offline or constants.HF_HUB_OFFLINE:
        return _from_cache(name, "the hub must not be asked (offline)")
    try:
        siblings = HfApi(endpoint=endpoint).model_info(name, timeout=PATIENCE).siblings or []
        wanted = [each.rfilename for each in siblings if "/" not in each.rfilename and each.rfilename.endswith(WANTED)]
        if "config.json" not in wanted:
            raise HfreaderError(f"hub repository '{name}' holds no transformers checkpoint: it has no config.json")
        folder = Path()
        for number, file in enumerate(wanted):
            report("trace", f"fetching {name}/{file}", number, len(wanted))
            folder = Path(hf_hub_download(name, file, endpoint=endpoint)).parent
        return folder
    except HfreaderError:
        raise
    except HFValidationError as error:
        raise HfreaderError(f"'{name}' is neither a folder nor a valid hub id (owner/name)") from error
    except GatedRepoError as error:
        raise HfreaderError(f"hub repository '{name}' is gated: accept its terms and set HF_TOKEN") from error
    except RepositoryNotFoundError as error:
        raise HfreaderError(f"the hub has no repository '{name}' (or it is private: set HF_TOKEN)") from error
    except Exception as error:  # whatever the hub's HTTP client raises when there is no network
        return _from_cache(name, f"the hub is out of reach ({type(error).__name__})")


def _from_cache(name: str, why: str) -> Path:
    try:
        return Path(snapshot_download(name, local_files_only=True))
    except Exception as error:
        raise HfreaderError(f"cannot fetch '{name}': {why}, and it is not in the local cache") from error
