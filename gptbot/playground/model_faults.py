"""What can go wrong with a model server, in OpenAI's own words (statuses, codes, messages)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

ErrorKind = Literal[
    "rate_limit", "insufficient_quota", "server_error", "context_length_exceeded", "model_not_found", "invalid_key",
    "content_policy", "refuse",
]  # fmt: skip
"""An error instead of an answer: rate_limit(retry_after=None), server_error(status=500),
refuse(status, message, code=None)."""
OddKind = Literal[
    "reset", "hang", "cut", "wrong_json", "stream_error", "empty", "refusal", "content_filter", "length", "no_usage",
    "only_max_tokens", "only_max_completion_tokens", "rejects_stream_options", "ignores_stream",
]  # fmt: skip
"""reset and hang: nothing was sent. cut and stream_error: half of a streamed answer (share `after`, 0.5) was.
The last four are what older and other servers do."""
ModelFaultKind = ErrorKind | OddKind

ERROR_KINDS: frozenset[str] = frozenset(get_args(ErrorKind))
KINDS: frozenset[str] = ERROR_KINDS | frozenset(get_args(OddKind))


@dataclass(frozen=True, slots=True)
class ModelFault:
    """`on`: the part of the path that it waits for ("chat", "images", "audio"); empty for any."""

    kind: ModelFaultKind
    options: Mapping[str, Any] = field(default_factory=dict)
    on: str = ""


@dataclass(frozen=True, slots=True)
class ModelRefusal(Exception):
    """An error answer: status, OpenAI's error object and perhaps `retry-after` in seconds."""

    status: int
    message: str
    code: str | None = None
    type: str = "invalid_request_error"
    param: str | None = None
    retry_after_s: float | None = None

    def body(self) -> dict[str, Any]:
        return {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}


def refusal_of(fault: ModelFault, body: Mapping[str, Any]) -> ModelRefusal:
    """The error answer that a fault of ERROR_KINDS stands for."""
    options, model = fault.options, body.get("model", "")
    match fault.kind:
        case "rate_limit":
            message = f"Rate limit reached for {model}. Please try again later."
            retry_after_s = options.get("retry_after")
            return ModelRefusal(429, message, "rate_limit_exceeded", "requests", retry_after_s=retry_after_s)
        case "insufficient_quota":
            message = "You exceeded your current quota, please check your plan and billing details."
            return ModelRefusal(429, message, "insufficient_quota", "insufficient_quota")
        case "server_error":
            message = "The server had an error while processing your request. Sorry about that!"
            return ModelRefusal(int(options.get("status", 500)), message, None, "server_error")
        case "context_length_exceeded":
            message = (
                "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens."
            )
            return ModelRefusal(400, message, "context_length_exceeded", param="messages")
        case "model_not_found":
            return model_not_found(str(model))
        case "invalid_key":
            return invalid_key("sk-***")
        case "content_policy":
            message = "Your request was rejected by the safety system."
            return ModelRefusal(400, message, "content_policy_violation", "image_generation_user_error")
        case _:
            return ModelRefusal(int(options["status"]), str(options["message"]), options.get("code"))


def model_not_found(model: str) -> ModelRefusal:
    message = f"The model `{model}` does not exist or you do not have access to it."
    return ModelRefusal(404, message, "model_not_found")


def invalid_key(key: str) -> ModelRefusal:
    message = f"Incorrect API key provided: {key}. You can find your API key at https://platform.openai.com."
    return ModelRefusal(401, message, "invalid_api_key")


def cannot_see(part: str) -> ModelRefusal:
    """A model that takes only text, asked with a picture in `part`."""
    message = "Invalid content type. image_url is only supported by certain models."
    return ModelRefusal(400, message, param=f"{part}.type")


def unsupported_parameter(name: str, instead: str) -> ModelRefusal:
    """A newer model that is asked with an older parameter."""
    message = f"Unsupported parameter: '{name}' is not supported with this model. Use '{instead}' instead."
    return ModelRefusal(400, message, "unsupported_parameter", param=name)


def unknown_argument(name: str) -> ModelRefusal:
    """An older server that has never heard of the parameter."""
    return ModelRefusal(400, f"Unrecognized request argument supplied: {name}", param=name)
