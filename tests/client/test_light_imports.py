"""A trace over HTTP/1 loads no library of the protocols that it does not speak."""

import subprocess
import sys

MODULES = "urls requests redirects cookies proxies tunnel exchange content"
HEAVY = "h2 hpack aioquic brotli zstandard idna cryptography OpenSSL dns"


def test_the_http1_path_is_light():
    imports = "\n".join(f"import firstbyte.client.{name}" for name in MODULES.split())
    code = (
        f"{imports}\nimport sys\nprint(' '.join(n for n in {HEAVY.split()!r} if n in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
