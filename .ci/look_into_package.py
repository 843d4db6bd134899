"""Check what the built wheel and sdist hold: ``look_into_package.py FOLDER``."""

import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOT_CODE = {".pyc", ".pyo"}


def package_files() -> set[str]:
    """Return every file of the package in the checkout, as paths inside an archive."""
    files = (path for path in (ROOT / "chroniker").rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in files if path.suffix not in NOT_CODE}


def wheel_problems(wheel: Path) -> list[str]:
    """Return what the wheel lacks, and what it should not have."""
    names = set(zipfile.ZipFile(wheel).namelist())
    inside = {name for name in names if ".dist-info/" not in name}
    problems = [f"missing: {name}" for name in sorted(package_files() - inside)]
    problems += [f"not wanted: {name}" for name in sorted(inside - package_files())]
    if not any(name.endswith("licenses/LICENSE") for name in names):
        problems.append("missing: LICENSE")
    return problems


def sdist_problems(sdist: Path) -> list[str]:
    """Return what the source distribution lacks."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = package_files() | {"LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml"}
    return [f"missing: {name}" for name in sorted(wanted - names)]


def main(folder: Path) -> int:
    """Print the problems. Return the exit status."""
    (wheel,) = folder.glob("*.whl")
    (sdist,) = folder.glob("*.tar.gz")
    problems = [f"{wheel.name}: {problem}" for problem in wheel_problems(wheel)]
    problems += [f"{sdist.name}: {problem}" for problem in sdist_problems(sdist)]
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    sys.stdout.write(f"{wheel.name} and {sdist.name}: {len(problems)} problems\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
