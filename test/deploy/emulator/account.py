"""Prints the names of everything in an account as JSON, without what AWS itself keeps in each account."""

import json
import os
import sys

from botocore.session import get_session

session = get_session()
endpoint = os.environ["AWS_ENDPOINT_URL"]


def names(service, operation, results, name):
    client = session.create_client(service, endpoint_url=endpoint)
    if client.can_paginate(operation):
        pages = client.get_paginator(operation).paginate()
    else:
        pages = [getattr(client, operation)()]
    items = (item for page in pages for item in page.get(results, []))
    return sorted(item if name is None else item[name] for item in items)


def stacks():
    client = session.create_client("cloudformation", endpoint_url=endpoint)
    pages = client.get_paginator("list_stacks").paginate()
    found = (stack for page in pages for stack in page["StackSummaries"])
    return sorted(stack["StackName"] for stack in found if stack["StackStatus"] != "DELETE_COMPLETE")


def holdings():
    return {
        "stacks": stacks(),
        "functions": names("lambda", "list_functions", "Functions", "FunctionName"),
        "event source mappings": names("lambda", "list_event_source_mappings", "EventSourceMappings", "EventSourceArn"),
        "HTTP APIs": names("apigatewayv2", "get_apis", "Items", "Name"),
        "roles": [name for name in names("iam", "list_roles", "Roles", "RoleName") if not name.startswith("AWSServiceRole")],
        "tables": names("dynamodb", "list_tables", "TableNames", None),
        "queues": names("sqs", "list_queues", "QueueUrls", None),
        "topics": names("sns", "list_topics", "Topics", "TopicArn"),
        "buckets": names("s3", "list_buckets", "Buckets", "Name"),
        "buses": [name for name in names("events", "list_event_buses", "EventBuses", "Name") if name != "default"],
        "rules": names("events", "list_rules", "Rules", "Name"),
        "log groups": names("logs", "describe_log_groups", "logGroups", "logGroupName"),
        "alarms": names("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
        "dashboards": names("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
        "parameters": names("ssm", "describe_parameters", "Parameters", "Name"),
        "keys": names("kms", "list_keys", "Keys", "KeyId"),
        "key aliases": [
            name for name in names("kms", "list_aliases", "Aliases", "AliasName") if not name.startswith("alias/aws/")
        ],
    }


json.dump(holdings(), sys.stdout)
