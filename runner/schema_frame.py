"""What cog 0.9's OpenAPI schemas have in common, whatever the model: requests, responses and paths. Pure data; knows
nothing about models."""

from typing import Any

Schema = dict[str, Any]

STATUSES = ["starting", "processing", "succeeded", "canceled", "failed"]
WEBHOOK_EVENTS = ["start", "output", "logs", "completed"]


def common_components() -> Schema:
    """Status, webhook events and validation errors."""
    location = {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}, "title": "Location"}
    problems = {"type": "array", "items": _ref("ValidationError"), "title": "Detail"}
    return {
        "Status": _enumeration("Status", STATUSES),
        "WebhookEvent": _enumeration("WebhookEvent", WEBHOOK_EVENTS),
        "ValidationError": {
            "type": "object",
            "title": "ValidationError",
            "required": ["loc", "msg", "type"],
            "properties": {"loc": location, "msg": _string("Message"), "type": _string("Error Type")},
        },
        "HTTPValidationError": {"type": "object", "title": "HTTPValidationError", "properties": {"detail": problems}},
    }


def request_component(kind: str, inputs: str) -> Schema:
    """`PredictionRequest` or `TrainingRequest`."""
    return {
        "type": "object",
        "title": f"{kind}Request",
        "properties": {
            "id": _string("Id"),
            "input": _ref(inputs),
            "webhook": {**_string("Webhook"), "format": "uri", "maxLength": 65536, "minLength": 1},
            "created_at": _instant("Created At"),
            "output_file_prefix": _string("Output File Prefix"),
            "webhook_events_filter": {"type": "array", "items": _ref("WebhookEvent"), "default": WEBHOOK_EVENTS},
        },
    }


def response_component(kind: str, inputs: str, output: str) -> Schema:
    """`PredictionResponse` or `TrainingResponse`."""
    return {
        "type": "object",
        "title": f"{kind}Response",
        "properties": {
            "id": _string("Id"),
            "logs": {**_string("Logs"), "default": ""},
            "error": _string("Error"),
            "input": _ref(inputs),
            "output": _ref(output),
            "status": _ref("Status"),
            "metrics": {"type": "object", "title": "Metrics"},
            "version": _string("Version"),
            "created_at": _instant("Created At"),
            "started_at": _instant("Started At"),
            "completed_at": _instant("Completed At"),
        },
    }


def paths(can_predict: bool, can_train: bool) -> Schema:
    """The routes of a cog container, which schemas of versions list although nobody calls them there."""
    found = {
        "/": {"get": _plain_operation("Root", "root__get", "Response Root  Get")},
        "/shutdown": {
            "post": _plain_operation(
                "Start Shutdown", "start_shutdown_shutdown_post", "Response Start Shutdown Shutdown Post"
            )
        },
        "/health-check": {
            "get": _plain_operation(
                "Healthcheck", "healthcheck_health_check_get", "Response Healthcheck Health Check Get"
            )
        },
    }
    if can_predict:
        found |= _prediction_paths()
    if can_train:
        # PredictionResponse for a training's PUT: cog 0.9 says so.
        found |= _run_paths("train", "training", "Training", "PredictionResponse")
    return found


def _prediction_paths() -> Schema:
    found = _run_paths("predict", "prediction", "Prediction", "PredictionResponse")
    found["/predictions"]["post"]["description"] = "Run a single prediction on the model"
    found["/predictions/{prediction_id}"]["put"]["description"] = (
        "Run a single prediction on the model (idempotent creation)."
    )
    cancel = found["/predictions/{prediction_id}/cancel"]["post"]
    cancel |= {
        "summary": "Cancel",
        "description": "Cancel a running prediction",
        "operationId": "cancel_predictions__prediction_id__cancel_post",
    }
    cancel["responses"]["200"] = _answer({"title": "Response Cancel Predictions  Prediction Id  Cancel Post"})
    return found


def _run_paths(verb: str, noun: str, kind: str, put_response: str) -> Schema:
    identity = {"in": "path", "name": f"{noun}_id", "schema": _string(f"{kind} ID"), "required": True}
    prefer = {"in": "header", "name": "prefer", "schema": _string("Prefer"), "required": False}
    request = _ref(f"{kind}Request")
    invalid = {**_answer(_ref("HTTPValidationError")), "description": "Validation Error"}
    create = {
        "summary": verb.title(),
        "responses": {"200": _answer(_ref(f"{kind}Response")), "422": invalid},
        "parameters": [prefer],
        "operationId": f"{verb}_{noun}s_post",
        "requestBody": _body(request),
    }
    create_once = {
        "summary": f"{verb.title()} Idempotent",
        "responses": {"200": _answer(_ref(put_response)), "422": invalid},
        "parameters": [identity, prefer],
        "operationId": f"{verb}_idempotent_{noun}s__{noun}_id__put",
        "requestBody": {**_body({"allOf": [request], "title": f"{kind} Request"}), "required": True},
    }
    cancel_title = f"Response Cancel {kind} {kind}s  {kind} Id  Cancel Post"
    cancel = {
        "summary": f"Cancel {kind}",
        "responses": {"200": _answer({"title": cancel_title}), "422": invalid},
        "parameters": [identity],
        "operationId": f"cancel_{noun}_{noun}s__{noun}_id__cancel_post",
    }
    return {
        f"/{noun}s": {"post": create},
        f"/{noun}s/{{{noun}_id}}": {"put": create_once},
        f"/{noun}s/{{{noun}_id}}/cancel": {"post": cancel},
    }


def _plain_operation(summary: str, operation: str, title: str) -> Schema:
    return {"summary": summary, "responses": {"200": _answer({"title": title})}, "operationId": operation}


def _answer(schema: Schema) -> Schema:
    return {**_body(schema), "description": "Successful Response"}


def _body(schema: Schema) -> Schema:
    return {"content": {"application/json": {"schema": schema}}}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _string(title: str) -> Schema:
    return {"type": "string", "title": title}


def _instant(title: str) -> Schema:
    return {**_string(title), "format": "date-time"}


def _enumeration(title: str, values: list[str]) -> Schema:
    return {"enum": values, "type": "string", "title": title, "description": "An enumeration."}
