"""Who calls which model, how, when: accounts, identities, routes and the rhythm of the day."""

from dataclasses import dataclass

CHAT_ACCOUNT = "111122223333"
MARKETING_ACCOUNT = "222233334444"
RESEARCH_ACCOUNT = "333344445555"
ORGANISATION = "o-exampleorgid"

SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0"
HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
NOVA_LITE = "amazon.nova-lite-v1:0"
NOVA_PRO = "amazon.nova-pro-v1:0"
TITAN_EMBED = "amazon.titan-embed-text-v2:0"
LLAMA = "meta.llama3-3-70b-instruct-v1:0"
EMBER = "example.ember-preview-9-v1:0"
APPLICATION_PROFILE = "9x2k4mq7w1zt"

CONVERSE = "Converse"
CONVERSE_STREAM = "ConverseStream"
INVOKE = "InvokeModel"
INVOKE_STREAM = "InvokeModelWithResponseStream"

BOTO = "Boto3/1.42.8 md/Botocore#1.42.8 ua/2.1 os/linux#6.12.40 md/arch#aarch64 lang/python#3.13.5 Botocore/1.42.8"
NODE = "aws-sdk-js/3.940.0 ua/2.1 os/linux#5.10.245 lang/js md/nodejs#22.20.0 api/bedrock-runtime#3.940.0"
CLI = "aws-cli/2.32.6 md/awscrt#0.28.4 ua/2.1 os/macos#25.1.0 md/arch#arm64 lang/python#3.13.9"
JAVA = "aws-sdk-java/2.39.1 md/io#sync md/http#Apache ua/2.1 os/Linux#6.1.155 lang/java#21.0.9"
CURL = "curl/8.14.1"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


@dataclass(frozen=True)
class Identity:
    """A role or user. `kind`: role, service_role, sso, user or api_key."""

    account: str
    kind: str
    name: str
    agent: str
    address: str
    sessions: tuple[str, ...] = ()

    def arn(self, session: str | None) -> str:
        if session is None:
            return f"arn:aws:iam::{self.account}:user/{self.name}"
        return f"arn:aws:sts::{self.account}:assumed-role/{self.name}/{session}"


@dataclass(frozen=True)
class Route:
    """One way to call a model. Token ranges are (least, most) per call."""

    weight: int
    operation: str
    model: str
    form: str
    input_tokens: tuple[int, int]
    output_tokens: tuple[int, int] | None
    caching: str = ""  # "", "5m", "1h"
    tier: str = ""  # "", "default", "flex", "priority"

    @property
    def routing(self) -> str:
        prefix = self.form.split("-")[0]
        return prefix if prefix in ("us", "eu", "global") else "in_region"

    def model_id(self, account: str, region: str) -> str:
        if self.form == "application":
            return f"arn:aws:bedrock:{region}:{account}:{self.model}"
        if self.form == "foundation-arn":
            return f"arn:aws:bedrock:{region}::foundation-model/{self.model}"
        name = self.model if self.routing == "in_region" else f"{self.routing}.{self.model}"
        if self.form.endswith("-arn"):
            return f"arn:aws:bedrock:{region}:{account}:inference-profile/{name}"
        return name


@dataclass(frozen=True)
class Workload:
    """A steady source of calls. `bodies`: full, no_embeddings or metadata_only."""

    name: str
    account: str
    region: str
    weight: float
    rhythm: str
    identities: tuple[Identity, ...]
    routes: tuple[Route, ...]
    teams: tuple[str | None, ...]
    topic: str
    bodies: str = "full"
    guardrail: str | None = None
    old_key_order: bool = False


def hour_weight(rhythm: str, weekday: int, hour: int) -> float:
    """How busy an hour is; `weekday` 0 is Monday, hours are UTC."""
    weekend = weekday >= 5
    if rhythm == "nightly":
        return 1.0 if 1 <= hour <= 5 else 0.0
    if rhythm == "office_eu":
        return (0.1 if weekend else 1.0) * (1.0 if 7 <= hour < 16 else 0.05)
    if rhythm == "office_us":
        return (0.1 if weekend else 1.0) * (1.0 if 14 <= hour < 23 else 0.0)
    busy = 1.0 if 12 <= hour < 22 else 0.6 if 7 <= hour < 12 else 0.2
    return (0.45 if weekend else 1.0) * busy


def _role(account: str, name: str, agent: str, address: str, *sessions: str) -> Identity:
    return Identity(account, "role", name, agent, address, sessions)


CHAT_SESSIONS = tuple(f"chat-api-{number}" for number in range(1, 9))
SVC_CHAT = _role(CHAT_ACCOUNT, "svc-chat", NODE, "198.51.100.24", *CHAT_SESSIONS)
SVC_SEARCH = _role(CHAT_ACCOUNT, "svc-search", JAVA, "198.51.100.31", "search-indexer", "search-query")
SVC_CONTRACTS = _role(CHAT_ACCOUNT, "svc-contracts", BOTO, "203.0.113.40", "contract-review", "contract-diff")
ETL_NIGHTLY = _role(CHAT_ACCOUNT, "etl-nightly", BOTO, "198.51.100.77", "etl-2026")
KNOWLEDGE_BASE = Identity(
    CHAT_ACCOUNT, "service_role", "AmazonBedrockExecutionRoleForKnowledgeBase_k7m2p",
    "bedrock.amazonaws.com", "bedrock.amazonaws.com", ("bedrock-kb-sync",))
SEARCH_EU = _role(MARKETING_ACCOUNT, "svc-search", JAVA, "203.0.113.61", "search-query")
MARKETERS = Identity(
    MARKETING_ACCOUNT, "sso", "AWSReservedSSO_MarketingUser_0a1b2c3d4e5f6071", CLI, "192.0.2.15",
    ("mara.keller@example.com", "joao.silva@example.com", "dana.wu@example.com"))
MARKETING_SCRIPTS = Identity(MARKETING_ACCOUNT, "user", "marketing-scripts", BOTO, "192.0.2.88")
SCIENTISTS = Identity(
    RESEARCH_ACCOUNT, "sso", "AWSReservedSSO_DataScientist_99aabbccddeeff00", BOTO, "192.0.2.140",
    ("ana.lopez@example.com", "tom.okafor@example.com"))
API_KEY_USER = Identity(RESEARCH_ACCOUNT, "api_key", "BedrockAPIKey-t7qm", CURL, "203.0.113.9")
OPERATOR = Identity(
    CHAT_ACCOUNT, "sso", "AWSReservedSSO_PlatformAdmin_1122334455667788", BROWSER, "192.0.2.200",
    ("kim.berg@example.com",))

SPIKE_ROUTE = Route(0, CONVERSE_STREAM, SONNET, "us", (0, 0), (256, 256))

WORKLOADS = (
    Workload(
        "chat-us", CHAT_ACCOUNT, "us-east-1", 26, "always", (SVC_CHAT,),
        (Route(8, CONVERSE_STREAM, SONNET, "us", (300, 2400), (60, 700), caching="5m"),
         Route(5, CONVERSE_STREAM, SONNET, "us-arn", (300, 2400), (60, 700), tier="default"),
         Route(6, CONVERSE, HAIKU, "global", (120, 1500), (30, 420)),
         Route(3, CONVERSE_STREAM, HAIKU, "global-arn", (120, 1500), (30, 420), caching="5m"),
         Route(2, INVOKE, HAIKU, "us", (120, 1500), (30, 420))),
        ("support",), "support", guardrail="gr4x8m2k9q1t"),
    Workload(
        "chat-eu", CHAT_ACCOUNT, "eu-west-1", 8, "office_eu", (SVC_CHAT,),
        (Route(6, CONVERSE_STREAM, HAIKU, "eu", (120, 1500), (30, 420)),
         Route(3, CONVERSE, SONNET, "eu-arn", (300, 2400), (60, 700))),
        ("support",), "support", guardrail="gr4x8m2k9q1t"),
    Workload(
        "search", CHAT_ACCOUNT, "us-east-1", 20, "always", (SVC_SEARCH,),
        (Route(6, INVOKE, TITAN_EMBED, "bare", (8, 240), None),
         Route(3, INVOKE, NOVA_LITE, "bare", (200, 1800), (20, 160)),
         Route(2, CONVERSE, NOVA_LITE, "us", (200, 1800), (20, 160), caching="5m"),
         Route(1, INVOKE_STREAM, NOVA_LITE, "foundation-arn", (200, 1800), (20, 160))),
        ("search",), "search", bodies="no_embeddings", old_key_order=True),
    Workload(
        "knowledge-base", CHAT_ACCOUNT, "us-east-1", 7, "nightly", (KNOWLEDGE_BASE,),
        (Route(1, INVOKE, TITAN_EMBED, "bare", (180, 512), None),),
        (None,), "search", bodies="no_embeddings"),
    Workload(
        "contracts", CHAT_ACCOUNT, "eu-west-1", 8, "office_eu", (SVC_CONTRACTS,),
        (Route(5, INVOKE, SONNET, "eu", (2500, 14000), (250, 1400), caching="1h"),
         Route(4, INVOKE_STREAM, SONNET, "eu-arn", (2500, 14000), (250, 1400), caching="1h"),
         Route(1, CONVERSE, SONNET, "global", (2500, 14000), (250, 1400), caching="1h")),
        ("legal",), "legal", guardrail="grd7legal0eu", old_key_order=True),
    Workload(
        "etl", CHAT_ACCOUNT, "us-west-2", 12, "nightly", (ETL_NIGHTLY,),
        (Route(4, CONVERSE, NOVA_PRO, "us", (600, 3600), (80, 500), tier="flex"),
         Route(3, CONVERSE, NOVA_PRO, "bare", (600, 3600), (80, 500)),
         Route(4, INVOKE, LLAMA, "us", (400, 2800), (60, 400))),
        ("data-platform",), "etl"),
    Workload(
        "marketers", MARKETING_ACCOUNT, "us-east-1", 7, "office_us", (MARKETERS,),
        (Route(5, INVOKE_STREAM, HAIKU, "global", (150, 1300), (120, 900)),
         Route(3, INVOKE_STREAM, SONNET, "us-arn", (150, 1300), (120, 900)),
         Route(1, INVOKE, TITAN_EMBED, "bare", (8, 120), None)),
        ("marketing", "marketing", None), "marketing"),
    Workload(
        "campaigns", MARKETING_ACCOUNT, "us-east-1", 3, "office_us", (MARKETING_SCRIPTS,),
        (Route(1, CONVERSE, f"application-inference-profile/{APPLICATION_PROFILE}", "application",
               (150, 1300), (120, 600)),),
        ("marketing",), "marketing"),
    Workload(
        "search-eu", MARKETING_ACCOUNT, "eu-west-1", 6, "office_eu", (SEARCH_EU,),
        (Route(3, CONVERSE, NOVA_LITE, "eu", (200, 1800), (20, 160)),
         Route(1, CONVERSE_STREAM, SONNET, "eu", (300, 2400), (60, 700), caching="5m"),
         Route(2, INVOKE, TITAN_EMBED, "bare", (8, 240), None)),
        ("search",), "search", bodies="metadata_only"),
    Workload(
        "research", RESEARCH_ACCOUNT, "us-west-2", 5, "office_us", (SCIENTISTS, SCIENTISTS, API_KEY_USER),
        (Route(4, INVOKE_STREAM, LLAMA, "us-arn", (100, 1800), (80, 800)),
         Route(2, CONVERSE, EMBER, "bare", (100, 1800), (80, 800)),
         Route(2, INVOKE, NOVA_PRO, "us", (200, 2400), (60, 500), tier="priority")),
        (None, None, "data-platform"), "research", old_key_order=True),
)

BY_NAME = {workload.name: workload for workload in WORKLOADS}
