"""Starts ministack in this process, with what version 1.5.33 lacks put right.

Whoever starts it holds its stdin open: at the end of that, it ends itself and every process of a function.
"""

import os
import signal
import sys
import threading

from ministack.core import iam_actions, lambda_runtime


def end_with_parent() -> None:
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


def replace_once(text: str, old: str, new: str) -> str:
    """Loud when another version of ministack has other words: then this file has to be looked at again."""
    if text.count(old) != 1:
        raise SystemExit(f"launcher: expected once, found {text.count(old)} times: {old}")
    return text.replace(old, new)


# Lambda finds a handler in a `.cjs` file; ministack's workers look for `.js` and `.mjs` only.
lambda_runtime._NODEJS_WORKER_SCRIPT = replace_once(
    lambda_runtime._NODEJS_WORKER_SCRIPT,
    'const mjsPath = fullPath + ".mjs";',
    'const mjsPath = fullPath + (fs.existsSync(fullPath + ".cjs") ? ".cjs" : ".mjs");',
)

# For AWS, a batch of SQS is its single call: who may SendMessage may SendMessageBatch, and there is no other action.
BATCHES = {f"sqs:{name}Batch": f"sqs:{name}" for name in ("SendMessage", "DeleteMessage", "ChangeMessageVisibility")}
extract_iam_action = iam_actions.extract_iam_action


def extract_with_batches(*args, **kwargs):
    action = extract_iam_action(*args, **kwargs)
    return BATCHES.get(action, action)


iam_actions.extract_iam_action = extract_with_batches

# A line in the log for each refused call, so that a proof can tell that a role was too narrow for its function.
access_denied_response = iam_actions.access_denied_response


def logged_denial(service, action, principal_arn, *args, **kwargs):
    print(f"refused: {principal_arn} {action} {kwargs.get('resource_arn', '')}", flush=True)
    return access_denied_response(service, action, principal_arn, *args, **kwargs)


iam_actions.access_denied_response = logged_denial

if __name__ == "__main__":
    threading.Thread(target=end_with_parent, daemon=True).start()
    from ministack.app import main

    sys.exit(main())
