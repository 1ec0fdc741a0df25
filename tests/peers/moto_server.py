"""AWS on loopback for tests: moto, which checks every signature from the first request on.

    PART/bin/python moto_server.py PORT

moto lets everything through until it knows a user, and gives users random keys. This makes one user and one role with
fixed names and keys before the first request, and turns the checks on.
"""

import json
import sys

from moto import settings
from moto.iam.models import iam_backends
from moto.server import main

ACCOUNT = "123456789012"
# The fixed key is not in moto's index of keys; for such a key moto looks into its default account, which is this one.
ACCESS_KEY_ID = "AKIACARDHOSTEXAMPLE0"
SECRET_ACCESS_KEY = "aws-secret-canary/cardhost+EXAMPLEKEY00000"
USER = "tester"
# To assume: arn:aws:iam::123456789012:role/tester-role
ROLE = "tester-role"

ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def policy(*statements: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


backend = iam_backends[ACCOUNT]["aws"]
backend.create_user("us-east-1", USER)
backend.put_user_policy(USER, "all", policy(ALL))
key = backend.create_access_key(USER)
key.access_key_id = ACCESS_KEY_ID
key.secret_access_key = SECRET_ACCESS_KEY
trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/{USER}"}, "Action": "sts:AssumeRole"}
backend.create_role(ROLE, policy(trust), "/", None, "", [], None)
backend.put_role_policy(ROLE, "all", policy(ALL))

settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
main(["-H", "127.0.0.1", "-p", sys.argv[1]])
