"""How a command ends: errors as two lines and an exit code (0 done, 1 failed, 2 wrong input, 130 interrupted)."""

from __future__ import annotations

import errno
import os
import sys

import typer

from reasoncore.errors import ReasoncoreError

INTERRUPTED = 130
_WRONG_PATH = (errno.EPERM, errno.EACCES, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.EROFS)
# click's UsageError, which some versions of typer carry under another name
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]


def run_app(app: typer.Typer) -> None:
    """Run the command line and end the process."""
    debug = "--debug" in sys.argv
    sys.argv = [word for word in sys.argv if word != "--debug"]
    try:
        code = app(standalone_mode=False)
        if code == INTERRUPTED:  # what typer makes of a KeyboardInterrupt
            raise KeyboardInterrupt
        raise SystemExit(code)
    except ReasoncoreError as error:
        if debug:
            raise
        _fail(error.message, error.cure, error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        cure = "Give the same command again: `run`, `eval` and `data build` go on, the others start over."
        _fail("interrupted; finished work is kept", cure, INTERRUPTED)
    except _UsageError as error:
        _refuse_arguments(app, error)
    except BrokenPipeError:
        # Whoever read our output has enough of it; Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except Exception as error:
        if debug:
            raise
        if _disk_is_full(error):
            message = f"the disk is full ({' '.join(str(error).split())})"
            _fail(message, "Free some space and run the same command again; finished work is kept.", 1)
        if isinstance(error, OSError) and error.filename and error.errno in _WRONG_PATH:
            _fail(f"{error.filename}: {error.strerror}", "Check the path and its permissions.", 2)
        raise


def _refuse_arguments(app: typer.Typer, error: Exception) -> None:
    message, context = error.format_message(), error.ctx  # type: ignore[attr-defined]
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(message)
        raise SystemExit(2)
    command = context.command_path if context else app.info.name
    _fail(f"{command}: {message}", f"See {command} --help.", 2)


def _disk_is_full(error: BaseException) -> bool:
    """Also as safetensors and tokenizers report it, whose errors are no ``OSError``."""
    number = error.errno if isinstance(error, OSError) else None
    return number in (errno.ENOSPC, errno.EDQUOT) or any(
        text in str(error) for text in ("No space left on device", "Disk quota exceeded")
    )


def _fail(message: str, cure: str, code: int) -> None:
    typer.echo(f"error: {' '.join(message.split())}", err=True)
    typer.echo(f"cure: {' '.join(cure.split())}", err=True)
    raise SystemExit(code)
