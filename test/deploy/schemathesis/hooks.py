"""What schemathesis needs to know about LipaFlow besides openapi.yaml, and two checks for what its own checks have to let pass."""

import atexit
import json
import os
import re
from collections import defaultdict
from itertools import count

import schemathesis
from hypothesis import strategies
from schemathesis import GenerationMode

# A pattern cannot express which numbers exist.
NUMBERS = ["254717746565", "+254 717-746 566", "(254) 717746567", "254110090747", "+1 202-555-0143"]
schemathesis.openapi.format("phone", strategies.sampled_from(NUMBERS))
schemathesis.openapi.format("customer", strategies.sampled_from([*NUMBERS, "US.13491208655302741918"]))

# Rules that openapi.yaml states in prose, because a portable schema cannot: the path without positions, and the message of
# the response without the place or the character that it names.
VISIBLE = "must contain a visible character: write a text"
OF_A_FLOW = {
    ("data", "contains a number that JSON parsers round: send it as a string"),
    ("flowCta", "must not contain emoji"),
    ("to", "is a WhatsApp user id: send to the customer's phone number, or set SEND_TO_USER_IDS if LipaChat takes user ids"),
    *((path, VISIBLE) for path in ("text", "flowId", "flowCta", "screen")),
    *((f"template.{path}", VISIBLE) for path in ("name", "languageCode", "placeholders", "header.parameter", "header.filename")),
    *((f"template.{path}", "must not contain more than four blanks in a row: shorten them") for path in ("placeholders", "header.parameter")),
    ("template.header.mediaUrl", "must be an https URL"),
}
NAMED = r": U\+[0-9A-F]+ is one, remove it$| \(.*\)$"
OF_A_LIST = {("after", "must be the `next` value of a previous page of the same list, at most 24 hours old")}
OF_AN_EXPORT = {("after", "must be the `next` value of a previous page")}
BEYOND_THE_SCHEMA = {
    "POST /v1/flows": OF_A_FLOW,
    "GET /v1/campaigns": OF_A_LIST,
    "GET /v1/campaigns/{campaignId}/recipients": OF_A_LIST,
    "GET /v1/contacts/{from}/{to}/export": OF_AN_EXPORT,
    "POST /v1/campaigns": {(f"message.{path}", message) for path, message in OF_A_FLOW}
    | {(path, "must be in the future") for path in ("startAt", "expiresAt")}
    | {
        ("expiresAt", "must be after startAt"),
        ("schedule", "the expression must be cron(\u2026) or rate(\u2026)"),
        ("schedule", "the time zone must be an IANA name, such as Africa/Nairobi"),
    },
}
# State left by other operations, or by an earlier case.
TAKEN = {
    "POST /v1/flows": {"message-id-reused", "recipient-opted-out"},
    "POST /v1/campaigns": {"campaign-id-reused"},
}
NEW_ID = {"POST /v1/flows": "messageId", "POST /v1/campaigns": "campaignId"}

# Campaigns that the test has created, because generated ids lead nowhere: one waits for its file, one runs for hours.
CAMPAIGN = "/v1/campaigns/{campaignId}"
CAMPAIGNS = {
    f"POST {CAMPAIGN}/recipients": "waits-for-its-file",
    f"POST {CAMPAIGN}/plan": "waits-for-its-file",
    f"GET {CAMPAIGN}/recipients": "runs-for-hours",
    f"POST {CAMPAIGN}/start": "runs-for-hours",
    f"POST {CAMPAIGN}/pause": "runs-for-hours",
    f"POST {CAMPAIGN}/resume": "runs-for-hours",
}
# Likewise an erasure that is not done at once.
ERASURE = "GET /v1/erasures/{erasureId}"
cases = count()


def is_longest(number):
    """Made from the pattern alone, to the longest text: no country has such a number."""
    return re.fullmatch(r"(\+|%2B)?0{100,}", number) is not None


def is_valid(case):
    return case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE


@schemathesis.hook
def before_call(context, case, kwargs):
    """
    Points most valid requests at something useful: a new id, an existing campaign, the first page.
    One in four is sent as it was generated, and so are examples, stateful steps and invalid requests.
    """
    n = next(cases)
    if is_valid(case) and case.path_parameters and is_longest(case.path_parameters.get("from", "")):
        case.path_parameters["from"] = NUMBERS[3]
    if case.operation.label == f"POST {CAMPAIGN}/cancel" and case.path_parameters.get("campaignId") in CAMPAIGNS.values():
        # The id came from a response. Other operations need this campaign, and a cancel is final.
        case.path_parameters["campaignId"] = "share-details-2026-01"
    if not is_valid(case) or case.meta.phase.name.value not in ("coverage", "fuzzing") or n % 4 == 0:
        return
    label = case.operation.label
    if label in NEW_ID and isinstance(case.body, dict):
        case.body = {**case.body, NEW_ID[label]: f"case-{n}"}
    if label in CAMPAIGNS:
        case.path_parameters["campaignId"] = CAMPAIGNS[label]
    if label == ERASURE:
        case.path_parameters["erasureId"] = os.environ["LIPAFLOW_ERASURE"]
    if isinstance(case.query, dict):
        case.query.pop("after", None)


answers = defaultdict(set)


@schemathesis.hook
def after_call(context, case, response):
    if is_valid(case):
        answers[case.operation.label].add(response.status_code)


@atexit.register
def tell_answers():
    """Writes the statuses of valid requests by operation. The test wants a 2xx of each operation."""
    with open(os.environ["LIPAFLOW_ANSWERS"], "w", encoding="utf-8") as file:
        json.dump({label: sorted(statuses) for label, statuses in answers.items()}, file)


@schemathesis.check
def refusals(context, response, case):
    """A valid request is refused only for a known rule beyond the schema, or because of stored state."""
    label = case.operation.label
    if label not in BEYOND_THE_SCHEMA or not is_valid(case) or response.status_code not in (400, 422):
        return
    problem = response.json()
    if response.status_code == 422:
        assert problem["code"] in TAKEN.get(label, set()), f"refused with {problem['code']}"
        return
    faults = {(re.sub(r"\.\d+$", "", fault["path"]), re.sub(NAMED, "", fault["message"], flags=re.DOTALL)) for fault in problem["errors"]}
    unknown = faults - BEYOND_THE_SCHEMA[label]
    assert not unknown, f"no rule that openapi.yaml tells in words: {sorted(unknown)}"


@schemathesis.check
def undeclared_methods(context, response, case):
    """API Gateway returns no 405: a method without a route is a 404, whatever the path."""
    data = case.meta.phase.data if case.meta else None
    scenario = getattr(data, "scenario", None)
    if scenario is None or scenario.name != "UNSPECIFIED_HTTP_METHOD" or response.request.method == "OPTIONS":
        return
    assert response.status_code == 404, f"{response.request.method} is answered with {response.status_code}"
    assert response.json() == {"message": "Not Found"}
