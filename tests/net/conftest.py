import pytest

from firstbyte.net import libssl
from firstbyte.net.system import KernelSystem
from testbed.pki import Pki


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(params=["pyopenssl", "libssl"])
def openssl(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both libraries in turn: that of real networks, and that of the private internet."""
    if request.param == "libssl":
        if libssl.load() is None:
            pytest.skip("this Python hides its OpenSSL")
        monkeypatch.setattr(KernelSystem, "seeded", True)
    return request.param
