"""The ``chroniker`` program: what the system's crontab calls, from whatever folder.

It finds the project and its environment, then does what ``manage.py cron`` does. Django is only
imported once the environment is known, for it may be there alone.
"""

from __future__ import annotations

import argparse
import logging
import os
import runpy
import site
import sys
from collections.abc import Sequence
from pathlib import Path

from chroniker import __version__

CANNOT_START = 2
"""Exit status for a configuration that cannot be used, as for wrong options."""

DATABASE_AWAY = 75
"""Exit status for what may be over at the next try, as sendmail has it."""


class ConfigurationError(Exception):
    """The program cannot start as it was called; says why, and what to do."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run what is due; returns the exit status.

    0 if all went well, 1 if a run did not succeed, 2 if the options or the project's
    configuration are wrong, 75 if the database cannot be used.
    """
    options = _parser().parse_args(argv)
    _set_up_logging(options)
    try:
        if options.environment:
            use_environment(Path(options.environment))
        _use_project(options)
        _set_up_django(options)
    except ConfigurationError as error:
        sys.stderr.write(f"chroniker: {error}\n")
        return CANNOT_START
    return _cron(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="chroniker",
        description="Run what is due: manage.py cron for the system's crontab.",
        epilog="Exit status: 0; 1 if a run did not succeed; 2 if it could not start at all; "
        "75 if the database does not answer.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "-s",
        dest="settings",
        metavar="SETTINGS",
        help="the project's settings module; default: $DJANGO_SETTINGS_MODULE, else the name of "
        "the project's folder with .settings",
    )
    parser.add_argument(
        "-p", dest="project", metavar="PROJECT_DIR", help="the folder that manage.py is in"
    )
    parser.add_argument(
        "-e",
        dest="environment",
        metavar="VIRTUALENV",
        help="the folder of the virtual environment to use, or its activate_this.py",
    )
    talk = parser.add_mutually_exclusive_group()
    talk.add_argument("-q", dest="quiet", action="store_true", help="print nothing")
    talk.add_argument("-l", dest="loud", action="store_true", help="tell each step")
    parser.add_argument("--jobs", default="", help="only these jobs: ids, separated by commas")
    parser.add_argument("--version", action="version", version=__version__)
    return parser


# The environment


def use_environment(path: Path) -> None:
    """Import from a virtual environment from now on, and let programs be found there first.

    ``path`` is its folder, or a file in it such as 1.x's ``bin/activate_this.py``. Raises
    ConfigurationError for what is no environment, or one of another Python version.
    """
    path = path.expanduser().absolute()
    if path.name == "activate_this.py" and path.is_file():
        runpy.run_path(str(path))
        return
    folder = next((one for one in (path, *path.parents) if (one / "pyvenv.cfg").is_file()), None)
    if folder is None:
        raise ConfigurationError(f"-e: {path} is not a virtual environment (it has no pyvenv.cfg).")
    packages = _packages_of(folder)
    before = list(sys.path)
    site.addsitedir(str(packages))
    sys.path[:] = [one for one in sys.path if one not in before] + before
    os.environ["VIRTUAL_ENV"] = str(folder)
    os.environ["PATH"] = os.pathsep.join([str(_programs_of(folder)), os.environ.get("PATH", "")])


def _packages_of(folder: Path) -> Path:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = folder / "lib" / version / "site-packages"
    if os.name == "nt":
        packages = folder / "Lib" / "site-packages"
    if not packages.is_dir():
        found = ", ".join(sorted(one.name for one in (folder / "lib").glob("python*"))) or "none"
        raise ConfigurationError(
            f"-e: {folder} has nothing for {version}, which runs this program (it has: {found}). "
            f"Call the environment's own program instead: {_programs_of(folder) / 'chroniker'}"
        )
    return packages


def _programs_of(folder: Path) -> Path:
    return folder / ("Scripts" if os.name == "nt" else "bin")


# The project


def _use_project(options: argparse.Namespace) -> None:
    settings = options.settings or os.environ.get("DJANGO_SETTINGS_MODULE", "")
    if options.project:
        project = Path(options.project).expanduser().absolute().resolve()
        if not project.is_dir():
            raise ConfigurationError(f"-p: there is no folder {project}.")
        # At the end, as in 1.x: nothing in the project's folder hides an installed package.
        sys.path += [str(project), str(project.parent)]
        settings = settings or f"{project.name}.settings"
    if not settings:
        raise ConfigurationError(
            "which project? Give its settings module with -s (or in the environment, as "
            "DJANGO_SETTINGS_MODULE) and its folder with -p."
        )
    os.environ["DJANGO_SETTINGS_MODULE"] = settings


def _set_up_django(options: argparse.Namespace) -> None:
    try:
        import django
        from django.apps import apps

        django.setup()
    except Exception as error:
        # Settings are the project's own code, which can fail in every way there is.
        logging.getLogger("chroniker").debug("the project cannot be loaded", exc_info=True)
        name = os.environ["DJANGO_SETTINGS_MODULE"]
        raise ConfigurationError(
            f"the project with the settings {name} cannot be loaded: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not apps.is_installed("chroniker"):
        raise ConfigurationError("'chroniker' is not in INSTALLED_APPS of the settings.")


# Running


def _cron(options: argparse.Namespace) -> int:
    from django.core.management import load_command_class
    from django.core.management.base import OutputWrapper
    from django.db import DatabaseError, InterfaceError

    command = load_command_class("chroniker", "cron")
    words = ["chroniker", "cron", f"--jobs={options.jobs}"]
    try:
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - not a path
            if options.quiet:
                command.stdout = command.stderr = OutputWrapper(nowhere)
            # As from the command line: errors are printed, and end in SystemExit.
            command.run_from_argv([*words, "--verbosity=2"] if options.loud else words)
    except (DatabaseError, InterfaceError) as error:
        if not options.quiet:
            hint = "Is it there, and has manage.py migrate been run?"
            sys.stderr.write(f"chroniker: the database cannot be used: {error}. {hint}\n")
        return DATABASE_AWAY
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _set_up_logging(options: argparse.Namespace) -> None:
    """What the package logs: all of it to stderr when loud, nothing when quiet.

    Only its own logger, for the jobs' processes inherit what is set here.
    """
    logger = logging.getLogger("chroniker")
    if options.quiet:
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
    elif options.loud:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("[%(levelname)s] %(message)s"))
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)


if __name__ == "__main__":
    sys.exit(main())
