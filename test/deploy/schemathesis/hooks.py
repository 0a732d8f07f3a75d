"""What schemathesis has to know of LipaFlow beside openapi.yaml, and two checks of ours in the place of what its own have to let pass."""

import atexit
import json
import os
from collections import defaultdict
from itertools import count

import schemathesis
from hypothesis import strategies
from schemathesis import GenerationMode

# A pattern can't say which numbers exist.
NUMBERS = ["254717746565", "+254 717-746 566", "(254) 717746567", "254110090747", "+1 202-555-0143"]
schemathesis.openapi.format("phone", strategies.sampled_from(NUMBERS))

# What openapi.yaml says in words, since a portable schema can't: where, and what the answer says of it.
OF_A_FLOW = {
    ("data", "has a number that JSON readers round: send it as a string"),
    ("flowCta", "must not have an emoji"),
    ("template.header.mediaUrl", "must be an https URL"),
}
OF_A_LIST = {("after", "must be the `next` of a page")}
BEYOND_THE_SCHEMA = {
    "POST /v1/flows": OF_A_FLOW,
    "GET /v1/campaigns": OF_A_LIST,
    "GET /v1/campaigns/{campaignId}/recipients": OF_A_LIST,
    "POST /v1/campaigns": {(f"message.{path}", message) for path, message in OF_A_FLOW}
    | {(path, "is in the past") for path in ("startAt", "expiresAt")}
    | {
        ("expiresAt", "must be after startAt"),
        ("schedule", "the expression must be cron(\u2026) or rate(\u2026)"),
        ("schedule", "the time zone must be an IANA name, such as Africa/Nairobi"),
    },
}
# State that other operations, or an earlier case, have left.
TAKEN = {
    "POST /v1/flows": {"message-id-reused", "recipient-opted-out"},
    "POST /v1/campaigns": {"campaign-id-reused"},
}
NEW_ID = {"POST /v1/flows": "messageId", "POST /v1/campaigns": "campaignId"}

# Campaigns that the test has made, since ids that are made up lead nowhere: one that waits for its file, one that runs for hours.
CAMPAIGN = "/v1/campaigns/{campaignId}"
CAMPAIGNS = {
    f"POST {CAMPAIGN}/recipients": "waits-for-its-file",
    f"POST {CAMPAIGN}/plan": "waits-for-its-file",
    f"GET {CAMPAIGN}/recipients": "runs-for-hours",
    f"POST {CAMPAIGN}/start": "runs-for-hours",
    f"POST {CAMPAIGN}/pause": "runs-for-hours",
    f"POST {CAMPAIGN}/resume": "runs-for-hours",
}
cases = count()


def is_valid(case):
    return case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE


@schemathesis.hook
def before_call(context, case, kwargs):
    """
    Leads most valid requests to where something happens: to an id that is new, a campaign that is there, the first page.
    One in four goes out as it was made up, and so do examples, steps of a story, and all that is not valid.
    """
    n = next(cases)
    if case.operation.label == f"POST {CAMPAIGN}/cancel" and case.path_parameters.get("campaignId") in CAMPAIGNS.values():
        # Its id was found in an answer. The others need it, and an end is final.
        case.path_parameters["campaignId"] = "share-details-2026-01"
    if not is_valid(case) or case.meta.phase.name.value not in ("coverage", "fuzzing") or n % 4 == 0:
        return
    label = case.operation.label
    if label in NEW_ID and isinstance(case.body, dict):
        case.body = {**case.body, NEW_ID[label]: f"case-{n}"}
    if label in CAMPAIGNS:
        case.path_parameters["campaignId"] = CAMPAIGNS[label]
    if isinstance(case.query, dict):
        case.query.pop("after", None)


answers = defaultdict(set)


@schemathesis.hook
def after_call(context, case, response):
    if is_valid(case):
        answers[case.operation.label].add(response.status_code)


@atexit.register
def tell_answers():
    """Which answers valid requests have met, by operation: for the test, which wants each to have come through."""
    with open(os.environ["LIPAFLOW_ANSWERS"], "w", encoding="utf-8") as file:
        json.dump({label: sorted(statuses) for label, statuses in answers.items()}, file)


@schemathesis.check
def refusals(context, response, case):
    """A valid request is refused for a known rule beyond the schema, or because of what is stored, and for nothing else."""
    label = case.operation.label
    if label not in BEYOND_THE_SCHEMA or not is_valid(case) or response.status_code not in (400, 422):
        return
    problem = response.json()
    if response.status_code == 422:
        assert problem["code"] in TAKEN.get(label, set()), f"refused with {problem['code']}"
        return
    faults = {(fault["path"], fault["message"]) for fault in problem["errors"]}
    unknown = faults - BEYOND_THE_SCHEMA[label]
    assert not unknown, f"no rule that openapi.yaml tells in words: {sorted(unknown)}"


@schemathesis.check
def undeclared_methods(context, response, case):
    """API Gateway knows no 405: what no route takes is not there, whatever the path."""
    data = case.meta.phase.data if case.meta else None
    scenario = getattr(data, "scenario", None)
    if scenario is None or scenario.name != "UNSPECIFIED_HTTP_METHOD" or response.request.method == "OPTIONS":
        return
    assert response.status_code == 404, f"{response.request.method} is answered with {response.status_code}"
    assert response.json() == {"message": "Not Found"}
