"""Kinto on loopback for tests, with a collection of many records in memory.

    PART/bin/python kinto_server.py PORT COUNT

The records of /v1/buckets/shelf/collections/teas/records are {"n": 0} to {"n": COUNT - 1}, and anybody may read them. Kinto says where the
next page is in the header `Next-Page`, an absolute URL.
"""

import sys

import kinto
import waitress

port, count = sys.argv[1], int(sys.argv[2])
MEMORY = "kinto.core.{}.memory"

app = kinto.main(
    {},
    **{
        "kinto.storage_backend": MEMORY.format("storage"),
        "kinto.cache_backend": MEMORY.format("cache"),
        "kinto.permission_backend": MEMORY.format("permission"),
        "kinto.userid_hmac_secret": "made up for tests",
        "kinto.paginate_by": "700",
        "kinto.http_scheme": "http",
        "kinto.http_host": f"127.0.0.1:{port}",
    },
)
storage = app.registry.storage
storage.create("bucket", "", {"id": "shelf"})
app.registry.permission.add_principal_to_ace("/buckets/shelf", "read", "system.Everyone")
storage.create("collection", "/buckets/shelf", {"id": "teas"})
for n in range(count):
    parent = "/buckets/shelf/collections/teas"
    storage.create("record", parent, {"id": f"{n:08}-0000-4000-8000-000000000000", "n": n})
waitress.serve(app, host="127.0.0.1", port=int(port), threads=4)
