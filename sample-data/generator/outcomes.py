"""How a call ends: answer, guardrail or error; its tokens and times, as its log record shows them."""

from dataclasses import dataclass
from random import Random

from .workloads import (CONVERSE, CONVERSE_STREAM, EMBER, HAIKU, INVOKE, INVOKE_STREAM, LLAMA, NOVA_LITE,
                        NOVA_PRO, SONNET, TITAN_EMBED, Route, Workload)

ERROR_RATE = 0.013
ERRORS = {
    "ValidationException": 30, "AccessDeniedException": 14, "ThrottlingException": 14,
    "ModelTimeoutException": 12, "ServiceUnavailableException": 12, "InternalServerException": 10,
    "ModelErrorException": 10,
}
STATUSES = {
    "ThrottlingException": "throttled", "AccessDeniedException": "access_denied",
    "ValidationException": "client_error", "ModelTimeoutException": "server_error",
    "ServiceUnavailableException": "server_error", "InternalServerException": "server_error",
    "ModelErrorException": "server_error",
}
# Base latency and time per output token, milliseconds.
SPEED = {SONNET: (900, 14.0), HAIKU: (380, 6.0), NOVA_LITE: (240, 4.0), NOVA_PRO: (420, 7.0),
         LLAMA: (520, 9.0), TITAN_EMBED: (60, 0.0), EMBER: (700, 11.0)}
SLOWDOWN = 1.9
RETRY_LIMIT = 256  # tokens the retry loop asks for

# What an error record shows: no bodies; the request and an empty output; the request and no output;
# the request and the chunks before the break.
ENVELOPE, EMPTY_OUTPUT, REQUEST_ONLY, BROKEN_STREAM = range(4)

NONE, MASKED, BLOCKED_INPUT, BLOCKED_OUTPUT = "none", "masked", "blocked_input", "blocked_output"


@dataclass(slots=True)
class Facts:
    """What the record of one call shows. `None` is absent from the record."""

    error_code: str | None = None
    error_shape: int = ENVELOPE
    guardrail: str | None = None
    stop_reason: str = "end_turn"
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    cache_write_1h: int | None = None  # only where a body tells it
    latency_ms: int | None = None
    first_byte_ms: int | None = None
    tier: str | None = None
    body: str = "full"  # full, none, offloaded_input, offloaded_output, long
    input_bytes: int | None = None  # set when the record is written
    output_bytes: int | None = None

    @property
    def status(self) -> str:
        return STATUSES[self.error_code] if self.error_code else "ok"

    @property
    def intervened(self) -> bool:
        return self.guardrail in (MASKED, BLOCKED_INPUT, BLOCKED_OUTPUT)

    @property
    def counts(self) -> tuple[int | None, ...]:
        return self.input_tokens, self.output_tokens, self.cache_read, self.cache_write

    def failed(self, code: str, shape: int = 0, operation: str = "") -> "Facts":
        """The same call as an error. Some errors keep counts: a model that ran and failed is billed."""
        full = self.body != "none"
        ran = code == "ModelTimeoutException" and shape < 2
        broke = code == "ModelErrorException" and operation == INVOKE_STREAM and self.output_tokens is not None
        if full and (ran or broke) and self.input_tokens:
            written = max(1, self.output_tokens // 3) if broke else None
            return Facts(code, BROKEN_STREAM if broke else REQUEST_ONLY, input_tokens=self.input_tokens,
                         output_tokens=written, tier=self.tier)
        return Facts(code, shape if full else ENVELOPE, body="full" if full else "none")

    def _draw_tokens(self, rng: Random, route: Route) -> None:
        low, high = route.input_tokens
        self.input_tokens = low + int(rng.random() ** 2 * (high - low))
        if route.output_tokens:
            low, high = route.output_tokens
            self.output_tokens = low + int(rng.random() ** 2 * (high - low))
        if route.caching:
            self._draw_cache(rng, route)
        elif route.model in (SONNET, HAIKU, NOVA_LITE, NOVA_PRO) and rng.random() < 0.5:
            self.cache_read = self.cache_write = 0
        if route.tier == "flex" and rng.random() < 0.02:
            self.cache_read, self.cache_write = 640, 0  # no published price for it: partly priced

    def _draw_cache(self, rng: Random, route: Route) -> None:
        block = 1024 * (1 + int(rng.random() * 4))
        first = rng.random() < 0.25
        self.cache_read, self.cache_write = (0, block) if first else (block, 0)
        if route.caching == "1h":
            block *= 3
            extra = 512 if rng.random() < 0.4 else 0
            self.cache_read, self.cache_write = (0, block + extra) if first else (block, extra)
            if rng.random() < 0.004:  # a whole binder: over the long-context threshold
                self.cache_read = 210_000
            self.cache_write_1h = self.cache_write - extra

    def _draw_times(self, rng: Random, route: Route, slower: bool) -> None:
        if route.operation == INVOKE or self.body == "none":
            return
        base, per_token = SPEED.get(route.model, (500, 8.0))
        factor = rng.lognormvariate(0, 0.25) * (SLOWDOWN if slower and route.model == SONNET else 1)
        self.latency_ms = int((base + per_token * (self.output_tokens or 0)) * factor)
        if route.operation == INVOKE_STREAM:
            self.first_byte_ms = int(base * factor * (0.6 + 0.3 * rng.random()))

    def _draw_guardrail(self, rng: Random, route: Route) -> None:
        draw = rng.random()
        if draw < 0.4:
            return
        self.guardrail = (NONE if draw < 0.94 else BLOCKED_INPUT if draw < 0.965
                          else MASKED if draw < 0.985 else BLOCKED_OUTPUT)
        if route.operation in (CONVERSE, CONVERSE_STREAM) and self.intervened:
            self.stop_reason = "guardrail_intervened"
        if self.guardrail != BLOCKED_INPUT:
            return
        self.cache_read = self.cache_write = self.cache_write_1h = None
        self.tier = None
        if route.operation == INVOKE:
            self.input_tokens = self.output_tokens = None
            return
        self.input_tokens = self.output_tokens = 0
        if route.operation == INVOKE_STREAM:
            self.latency_ms = self.first_byte_ms = None
        else:
            self.latency_ms = 180 + int(rng.random() * 260)

    def _draw_body(self, rng: Random, workload: Workload, route: Route, long_bodies: bool) -> None:
        if self.body == "none":
            self.tier = self.cache_write_1h = None
            return
        draw = rng.random()
        plain = self.guardrail is None and not self.cache_write_1h
        if workload.name == "contracts" and plain and draw < 0.02:
            self.body = "offloaded_output" if route.operation == INVOKE else "offloaded_input"
        elif long_bodies and route.operation == INVOKE_STREAM and route.model == HAIKU and draw < 0.002:
            self.body = "long"


def draw(rng: Random, workload: Workload, route: Route, slower: bool, long_bodies: bool) -> Facts:
    """Chooses the outcome of an ordinary call."""
    facts = Facts(body="none" if workload.bodies == "metadata_only" else "full", tier=route.tier or None)
    facts._draw_tokens(rng, route)
    facts._draw_times(rng, route, slower)
    if workload.guardrail and route.model in (SONNET, HAIKU):
        facts._draw_guardrail(rng, route)
    facts._draw_body(rng, workload, route, long_bodies)
    if rng.random() < ERROR_RATE:
        code = rng.choices(list(ERRORS), weights=list(ERRORS.values()))[0]
        return facts.failed(code, int(rng.random() * 3), route.operation)
    return facts


def plain_success() -> Facts:
    """An answer with nothing special, for a record whose damage is the point."""
    return Facts(input_tokens=900, output_tokens=150, latency_ms=2900)


def retry_answer(rng: Random, input_tokens: int) -> Facts:
    """A call of the retry loop: answered up to the token limit, now and then timed out."""
    facts = Facts(input_tokens=input_tokens, output_tokens=RETRY_LIMIT, stop_reason="max_tokens")
    base, per_token = SPEED[SONNET]
    facts.latency_ms = int((base + per_token * RETRY_LIMIT) * (0.8 + 0.4 * rng.random()))
    return facts.failed("ModelTimeoutException") if rng.random() < 0.015 else facts
