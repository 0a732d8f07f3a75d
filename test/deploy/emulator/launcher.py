"""Starts ministack in this process, and patches what version 1.5.33 lacks.

The parent keeps stdin open. When stdin ends, this process ends itself and every process of a function.
"""

import json
import os
import random
import signal
import sys
import threading

from ministack.core import iam_actions, lambda_runtime
from ministack.services import cloudwatch_logs, lambda_svc
from ministack.services.cloudformation import provisioners


def end_with_parent() -> None:
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


def replace_once(text: str, old: str, new: str) -> str:
    """Fails when another version of ministack has other code: then this file has to be checked again."""
    if text.count(old) != 1:
        raise SystemExit(f"launcher: expected once, found {text.count(old)} times: {old}")
    return text.replace(old, new)


# Lambda finds a handler in a `.cjs` file, after the `.mjs`. Ministack's workers look only for `.js` and `.mjs`.
lambda_runtime._NODEJS_WORKER_SCRIPT = replace_once(
    lambda_runtime._NODEJS_WORKER_SCRIPT,
    'const mjsPath = fullPath + ".mjs";',
    'const mjsPath = fullPath + (fs.existsSync(fullPath + ".mjs") ? ".mjs" : ".cjs");',
)

# In AWS, the permission for a single SQS call covers its batch: SendMessage allows SendMessageBatch, which has no action
# of its own.
BATCHES = {f"sqs:{name}Batch": f"sqs:{name}" for name in ("SendMessage", "DeleteMessage", "ChangeMessageVisibility")}
extract_iam_action = iam_actions.extract_iam_action


def extract_with_batches(*args, **kwargs):
    action = extract_iam_action(*args, **kwargs)
    return BATCHES.get(action, action)


iam_actions.extract_iam_action = extract_with_batches

# Ministack does not know dynamodb:LeadingKeys, by which the roles fence writes: the partition keys that a call names.
dynamodb_service_context = iam_actions.dynamodb_service_context


def context_with_leading_keys(body):
    call = json.loads(body or b"{}")
    key = ((call.get("Key") or call.get("Item") or {}).get("pk") or {}).get("S")
    return {**dynamodb_service_context(body), **({"dynamodb:LeadingKeys": [key]} if key else {})}


iam_actions.dynamodb_service_context = context_with_leading_keys

# Logs each refused call, so that a test notices when a role is too narrow for its function.
access_denied_response = iam_actions.access_denied_response


def logged_denial(service, action, principal_arn, *args, **kwargs):
    print(f"refused: {principal_arn} {action} {kwargs.get('resource_arn', '')}", flush=True)
    return access_denied_response(service, action, principal_arn, *args, **kwargs)


iam_actions.access_denied_response = logged_denial

# CloudWatch has alarms of several metrics. Ministack knows one metric: such an alarm is kept with its first.
alarm_record = provisioners._cw_metric_alarm_record


def record_of_first_metric(name, props):
    stats = [one["MetricStat"] for one in props.get("Metrics") or [] if "MetricStat" in one]
    if stats:
        others = {key: value for key, value in props.items() if key != "Metrics"}
        props = {**others, **stats[0]["Metric"], "Period": stats[0]["Period"], "Statistic": stats[0]["Stat"]}
    return alarm_record(name, props)


provisioners._cw_metric_alarm_record = record_of_first_metric

# Ministack keeps the weights of an alias and does not act on them.
record_for_qualifier = lambda_svc._effective_func_record_for_qualifier


def record_by_weight(func, qualifier):
    alias = (func or {}).get("aliases", {}).get(qualifier) or {}
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    drawn = random.random()
    for version, weight in weights.items():
        drawn -= float(weight)
        if drawn < 0:
            return record_for_qualifier(func, version)
    return record_for_qualifier(func, qualifier)


lambda_svc._effective_func_record_for_qualifier = record_by_weight


# It has no CodeDeploy: its CloudFormation moves an alias at once. These resources are kept and do nothing.
def named(key):
    return {
        "create": lambda logical_id, props, stack_name: (props[key], {}),
        "update": lambda physical_id, old, new, stack_name, logical_id=None: (new[key], {}),
        "delete": lambda physical_id, props: None,
    }


provisioners._RESOURCE_HANDLERS["AWS::CodeDeploy::Application"] = named("ApplicationName")
provisioners._RESOURCE_HANDLERS["AWS::CodeDeploy::DeploymentGroup"] = named("DeploymentGroupName")

# In AWS, a function writes only to a log group that is there, unless its role may create one, and no role of this stack may.
# Ministack creates it, also for an invocation that ends after the stack is gone.
emit_lambda_logs = lambda_svc._emit_lambda_logs


def emit_to_existing_group(func, *args, **kwargs):
    name = (func.get("config") or func).get("FunctionName", "")
    if f"/aws/lambda/{name}" in cloudwatch_logs._log_groups:
        emit_lambda_logs(func, *args, **kwargs)


lambda_svc._emit_lambda_logs = emit_to_existing_group

if __name__ == "__main__":
    threading.Thread(target=end_with_parent, daemon=True).start()
    from ministack.app import main

    sys.exit(main())
