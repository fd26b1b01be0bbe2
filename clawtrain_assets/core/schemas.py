"""The tables of the lake: each column's name, type and meaning, declared once.

Arrow writes them, Dagster shows them as column schemas. Structured values (messages, samples) are
JSON text: their shape varies by row, and text keeps every reader simple. Lists of messages have a
text for each, so that a file holds a message once that many of its rows show.
"""

import pyarrow as pa

_STR = pa.string()
_INT = pa.int64()
_NUM = pa.float64()
_BOOL = pa.bool_()
_TIME = pa.timestamp("ms", tz="UTC")
_MESSAGES = pa.list_(pa.string())
_OUTCOME = pa.struct(
    [("messages", _MESSAGES), ("tool_results", pa.int32()), ("next_user", pa.bool_())]
)


def _table(*columns: tuple[str, pa.DataType, str]) -> pa.Schema:
    return pa.schema(
        [pa.field(name, kind, metadata={"description": text}) for name, kind, text in columns]
    )


SCORES = ("tool_correctness", "task_completion", "instruction_adherence", "efficiency", "overall")

TURNS = _table(
    ("turn_id", _STR, "Hash of what the turn is, not of where it was found"),
    ("session_id", _STR, "Session the turn belongs to"),
    ("session_key", _STR, "OpenClaw's key of the session, where still known"),
    ("session_kind", _STR, "main, cron, subagent, heartbeat, acp or hook"),
    ("agent_id", _STR, "Agent whose session it is"),
    ("timestamp", _TIME, "When the request to the model started"),
    ("day", _STR, "Calendar day of the timestamp in the owner's time zone"),
    ("provider", _STR, "Provider of the model, null if unknown"),
    ("model", _STR, "Model that produced the turn, null if unknown"),
    ("api", _STR, "Wire protocol named by the message"),
    ("attribution_source", _STR, "Where provider and model were found; 'unknown' if nowhere"),
    ("stop_reason", _STR, "Why the model stopped, as recorded"),
    ("error_message", _STR, "Provider error recorded with the turn"),
    ("input_tokens", _INT, "Prompt tokens billed at full price"),
    ("output_tokens", _INT, "Tokens generated"),
    ("cache_read_tokens", _INT, "Prompt tokens read from the provider's cache"),
    ("cache_write_tokens", _INT, "Prompt tokens written to the provider's cache"),
    ("cost_usd", _NUM, "US dollars; null unless cost_state is priced or recomputed"),
    ("cost_state", _STR, "priced, recomputed, unpriced (tokens without a price) or none"),
    ("latency_ms", _INT, "From request to the end of the reply"),
    ("turn_index", _INT, "1-based position among the session's assistant turns"),
    ("exchange_index", _INT, "1-based position of the user message it answers"),
    ("calls_before", _INT, "Tool calls made earlier in the session"),
    ("request", _STR, "The user's words the turn answers, without gateway envelopes"),
    ("request_meta", _STR, "JSON: what the stripped envelope said; under reply: the reply's tags"),
    ("system_prompt", _STR, "System prompt, where a trajectory recorded it"),
    ("tools", _STR, "JSON list of tools the session had, each with its source and counts of calls"),
    ("tools_source", _STR, "trajectory or builtin; +inferred if calls were made that those lack"),
    ("context", _MESSAGES, "JSON messages before the turn, bounded, oldest first"),
    ("context_dropped", _INT, "Messages left out of the context because of the bound"),
    ("response", _STR, "JSON message: text, thinking and tool calls of the turn"),
    (
        "outcome",
        _OUTCOME,
        "JSON messages: first its tool_results, then the rest of the exchange, last the user's "
        "next message if next_user",
    ),
    ("is_tool_use", _BOOL, "The turn calls at least one tool"),
    ("tool_call_count", _INT, "Tool calls in the turn"),
    ("exclusion_reason", _STR, "Why this is not a model's turn to learn from; null if it is one"),
    ("source_file", _STR, "File the turn was read from, relative to its state directory"),
    ("source_line", _INT, "1-based line in that file"),
    ("source_family", _STR, "Kind of file: live, reset, deleted, lcm, ..."),
    ("copies", _INT, "Places the same turn was found in"),
)

# Facts about a turn that need no judge. A rubric's caps may name them: true and false by ``is``,
# numbers by ``over``.
FEATURES = {
    "known_tools": (
        _BOOL,
        "No call is to a tool that the recorded catalogue lacks; null if none was recorded",
    ),
    "arguments_present": (
        _BOOL,
        "No call lacks an argument that its recorded definition requires; null if none was",
    ),
    "tool_error_rate": (_NUM, "Share of the calls' results that are errors; null without results"),
    "repeated_calls": (_INT, "Calls identical to one before, in the context or the turn itself"),
    "user_corrects": (_BOOL, "The user's next message begins with words of correction"),
    "user_repeats": (_BOOL, "The user's next message is the request again"),
    "aborted": (_BOOL, "The turn was stopped before its end"),
}

QUARANTINE = _table(
    ("source_file", _STR, "File that holds the rejected bytes"),
    ("source_line", _INT, "1-based line"),
    ("byte_offset", _INT, "Offset of the line's first byte"),
    ("reason", _STR, "Why it could not be read"),
    ("raw", pa.binary(), "The rejected bytes"),
)

SCORED_TURNS = _table(
    ("turn_id", _STR, "The turn that was judged"),
    ("session_id", _STR, "Its session"),
    ("day", _STR, "Its day"),
    ("status", _STR, "'scored', or the class of the error that left it without scores"),
    ("error", _STR, "What went wrong, in words; null if scored"),
    *((name, _NUM, f"Median {name}, 0-10, within the caps; null unless scored") for name in SCORES),
    ("caps", _STR, "Caps of the rubric that lowered a score, with '; ' between; else null"),
    ("computed_overall", _NUM, "Mean of the four dimensions as they stand here"),
    ("overall_disputed", _BOOL, "Before caps, overall is 3 or more from the mean of the others"),
    ("spread", _NUM, "Largest minus smallest overall over the samples"),
    ("samples", _STR, "JSON list of all verdicts, uncapped, with evidence, reasons, seed"),
    *((name, kind, text) for name, (kind, text) in FEATURES.items()),
    ("judge_model", _STR, "Model that judged"),
    ("judge_digest", _STR, "Digest of that model"),
    ("rubric_hash", _STR, "Hash of the rubric file"),
    ("prompt_hash", _STR, "Hash of the exact prompt"),
    ("left_out", _INT, "Characters of the turn's material that the prompt leaves out"),
    ("prompt_tokens", _INT, "Tokens read by the judge, all samples"),
    ("output_tokens", _INT, "Tokens written by the judge, all samples"),
    ("latency_s", _NUM, "Seconds the endpoint took, all samples"),
)

CANARIES = _table(
    ("day", _STR, "Day on which the judge was asked"),
    ("canary_id", _STR, "Invented turn with a known answer"),
    ("kind", _STR, "What it tries: good, wrong tool, verbose, short, injection, ..."),
    ("expect_low", _NUM, "Lower end of the range its overall belongs in"),
    ("expect_high", _NUM, "Upper end"),
    ("overall", _NUM, "Overall the judge gave, null if it gave none"),
    ("judge_model", _STR, "Model that judged"),
    ("judge_digest", _STR, "Digest of that model"),
    ("rubric_hash", _STR, "Hash of the rubric file"),
    ("measure", _STR, "Hash of judge, rubric and prompts; only equal ones compare"),
)

SHADOW_REPLAYS = _table(
    ("replay_id", _STR, "Hash of turn and candidate"),
    ("turn_id", _STR, "Reference turn that was replayed"),
    ("session_id", _STR, "Its session"),
    ("day", _STR, "Its day"),
    ("stratum", _STR, "Sampling stratum the turn was drawn from"),
    ("candidate_model", _STR, "Local model that answered; its temperature, unless greedy"),
    ("candidate_digest", _STR, "Digest of that model"),
    ("status", _STR, "'replayed', or the class of the error"),
    ("error", _STR, "What went wrong, in words; null if replayed"),
    ("reply", _STR, "JSON message of the candidate, raw"),
    ("done_reason", _STR, "Why the candidate stopped"),
    ("tools_source", _STR, "Where the tool definitions it was given come from"),
    ("has_system_prompt", _BOOL, "The reference's system prompt was known and given"),
    ("context_dropped", _INT, "Oldest messages left out so that the context fits its window"),
    ("prompt_tokens", _INT, "Tokens read by the candidate"),
    ("output_tokens", _INT, "Tokens written by the candidate"),
    ("latency_s", _NUM, "Seconds the candidate took"),
    ("reference_latency_s", _NUM, "Seconds the reference model took, null if unknown"),
    ("reference_cost_usd", _NUM, "What the reference turn cost, null if unpriced"),
)

CONTRASTIVE_PAIRS = _table(
    ("pair_id", _STR, "Hash of turn, candidate and judge"),
    ("turn_id", _STR, "Reference turn"),
    ("session_id", _STR, "Its session"),
    ("day", _STR, "Its day"),
    ("status", _STR, "pair, no_gap, overlapping, unconfirmed, or the class of an error"),
    ("error", _STR, "What went wrong, in words"),
    ("chosen_arm", _STR, "reference or candidate; null unless a pair"),
    ("gap", _NUM, "Median overall of the reference minus the candidate's"),
    ("order_check", _STR, "In both orders: agrees, flipped, contradicts, failed; null: not asked"),
    ("null_status", _STR, "What the rule says of the reference against itself; null if not tried"),
    ("failure_class", _STR, "How the candidate failed; null unless the reference was chosen"),
    ("failure_evidence", _STR, "Words of the candidate's reply that show it"),
    *((f"reference_{s}", _NUM, f"Median blind {s} of the reference arm") for s in SCORES),
    *((f"candidate_{s}", _NUM, f"Median blind {s} of the candidate arm") for s in SCORES),
    ("reference_samples", _STR, "JSON list of the reference arm's blind verdicts"),
    ("candidate_samples", _STR, "JSON list of the candidate arm's blind verdicts"),
    ("reference", _STR, "JSON message of the reference model"),
    ("candidate", _STR, "JSON message of the candidate"),
    ("candidate_model", _STR, "Candidate model"),
    ("candidate_digest", _STR, "Its digest"),
    ("judge_model", _STR, "Model that judged both arms"),
    ("judge_digest", _STR, "Its digest"),
    ("rubric_hash", _STR, "Hash of the rubric file"),
    ("turn_index", _INT, "Position of the turn in its session"),
    ("calls_before", _INT, "Tool calls made earlier in the session"),
    ("session_kind", _STR, "Kind of session"),
    ("tools_source", _STR, "Where the tool definitions come from"),
    ("stratum", _STR, "Sampling stratum"),
    ("reference_tokens", _INT, "Length of the reference arm, output tokens"),
    ("candidate_tokens", _INT, "Length of the candidate arm, output tokens"),
    ("reference_latency_s", _NUM, "Seconds the reference took"),
    ("candidate_latency_s", _NUM, "Seconds the candidate took"),
    ("reference_cost_usd", _NUM, "What the reference turn cost"),
)

SHAREGPT_DATASET = _table(
    ("example_id", _STR, "Hash of the turn and the scrubbed example"),
    ("turn_id", _STR, "Turn the example was made from"),
    ("session_id", _STR, "Its session"),
    ("day", _STR, "Its day"),
    ("status", _STR, "kept, or below_threshold, duplicate, quarantined, invalid, unscored"),
    ("detail", _STR, "What exactly, without conversation text; null if kept"),
    ("overall", _NUM, "The judge's overall"),
    ("fingerprint", _STR, "Exact-duplicate key: hash of normalised request and response"),
    ("is_tool_use", _BOOL, "The learned turn calls a tool"),
    ("conversations", _STR, "JSON list of {from,value}, scrubbed (LLaMA-Factory ShareGPT)"),
    ("messages", _STR, "JSON list of OpenAI messages, scrubbed; same conversation"),
    ("system", _STR, "System prompt, scrubbed"),
    ("tools", _STR, "JSON list of tool definitions, scrubbed"),
    ("redactions", _STR, "JSON object: replaced values by type"),
    ("source_file", _STR, "Lineage: file"),
    ("source_line", _INT, "Lineage: line"),
)

REVIEW_SAMPLE = _table(
    ("release_id", _STR, "Release the sample was drawn from"),
    ("position", _INT, "1-based place in the order of reading"),
    ("example_id", _STR, "Example of that release"),
    ("turn_id", _STR, "Turn it was made from"),
    ("is_tool_use", _BOOL, "The learned turn calls a tool"),
    ("messages", _STR, "JSON list of OpenAI messages; the last one is learned"),
    ("tools", _STR, "JSON list of tool definitions"),
    ("overall", _NUM, "The judge's overall"),
    ("judge_scores", _STR, "JSON object of the judge's five scores, null if unknown"),
)

RELEASE_EXAMPLE = _table(
    ("id", _STR, "Example; the same in lineage.jsonl and in every form"),
    ("conversations", _STR, "List of {from,value}; the last one is learned"),
    ("system", _STR, "System prompt, empty if none was recorded"),
    ("tools", _STR, "JSON list of tool definitions"),
    ("meta", _STR, "JSON object: the judge's overall, whether the turn calls a tool"),
)

GAP = _table(
    ("candidate_model", _STR, "Model measured against the reference"),
    ("judge_model", _STR, "Model that judged both arms"),
    ("group", _STR, "What the turns are grouped by"),
    ("cell", _STR, "Group of turns"),
    ("n", _INT, "Turns in it"),
    ("gap", _NUM, "Mean gap in points of overall, reference minus candidate"),
    ("low", _NUM, "Lower end of its 95 % interval; null if n is too small"),
    ("high", _NUM, "Upper end"),
)

GATE = _table(
    ("evaluated_at", _TIME, "When; the last evaluation of each day is kept"),
    ("name", _STR, "Check"),
    ("passed", _BOOL, "Whether it holds"),
    ("count", _INT, "What there is"),
    ("threshold", _INT, "What is needed"),
    ("missing", _INT, "What is missing"),
    ("detail", _STR, "In words"),
)

ARCHIVE = _table(
    ("root", _STR, "State directory the file belongs to"),
    ("path", _STR, "Path below that directory"),
    ("family", _STR, "Kind of file"),
    ("session_id", _STR, "Session parsed from the name, null if none"),
    ("captured_at", _TIME, "When this content was captured"),
    ("size", _INT, "Bytes of the file at capture"),
    ("sha256", _STR, "Hash of the bytes at capture"),
    ("status", _STR, "present, or gone since"),
)
CAPTURES = _table(
    ("at", _TIME, "When the capture was complete"),
    ("unreadable", _INT, "Files that could not be read"),
    ("missing", _INT, "Sessions that are named but of which nothing was ever captured"),
    ("cut", _INT, "Sessions that lost what they said after they were last captured"),
)
