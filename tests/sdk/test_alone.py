"""The client needs nothing of the server."""

import subprocess
import sys

PROGRAM = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name == "watchword" or name.startswith("watchword."):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
import watchword_client
client = watchword_client.Client(base_url="http://127.0.0.1:9", secret_key="wk_test_secret")
assert watchword_client.VERSION
heavy = {"starlette", "msgspec", "apsw", "jinja2", "uvicorn", "typer"} & set(sys.modules)
print("imported without the server" if not heavy else f"pulls in {heavy}")
"""


def test_imports_where_the_server_package_is_missing() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", PROGRAM], capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("imported without the server\n", "")
