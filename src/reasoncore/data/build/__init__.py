"""The data engine ([3B] section 2.1.1): from seed problems to a verified, decontaminated, stratified corpus."""

from reasoncore.data.build.config import BuildSettings, load_build
from reasoncore.data.build.pipeline import Build

__all__ = ["Build", "BuildSettings", "load_build"]
