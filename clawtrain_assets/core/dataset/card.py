"""What a release says about itself: dataset card and ready LLaMA-Factory configurations."""

from collections.abc import Mapping
from typing import Any

from clawtrain_assets.core.dataset import lengths
from clawtrain_assets.core.dataset.formats import dataset_info
from clawtrain_assets.core.dataset.release_files import FORMS, SPLITS, Split, file_name

Counts = Mapping[tuple[str, Split], int]

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_FORM_TEXT = {
    "sft_sharegpt": "LLaMA-Factory ShareGPT (`conversations`, `system`, `tools`)",
    "sft_messages": "OpenAI `messages` + `tools`: Axolotl, ms-swift, Unsloth",
    "sft_prompt_completion": "the same split before the learned turn: TRL",
    "preference_sharegpt": "LLaMA-Factory ranking (`chosen`, `rejected`)",
    "preference_messages": "TRL `prompt`, `chosen`, `rejected` + `tools`",
}


def lf_dataset_info() -> bytes:
    """LLaMA-Factory's ``dataset_info.json`` for the release folder."""
    return dataset_info(
        {f"clawtrain_sft_{s}": file_name("sft_sharegpt", s) for s in SPLITS},
        {f"clawtrain_preference_{s}": file_name("preference_sharegpt", s) for s in SPLITS},
    )


def lf_training(stage: str, cutoff: int, counts: Counts) -> str:
    """A LoRA configuration of LLaMA-Factory 0.9.5 for ``stage`` sft or dpo.

    ``mask_history`` leaves the loss on the last turn alone; without it every turn of the context
    would be learned, rejected ones too. ``cutoff_len`` defaults to 2048 there and truncates
    without a warning.
    """
    kind = "sft" if stage == "sft" else "preference"
    lines = [
        "# Run in this folder: llamafactory-cli train llamafactory_" + stage + ".yaml",
        "# Set the model and the template that belongs to it.",
        "model_name_or_path: Qwen/Qwen3-8B",
        "template: qwen3_nothink",
        f"stage: {stage}",
        "do_train: true",
        "finetuning_type: lora",
        "lora_rank: 16",
        "lora_target: all",
        "dataset_dir: .",
        f"dataset: clawtrain_{kind}_train",
    ]
    if counts[f"{kind}_sharegpt", "validation"]:
        lines += [f"eval_dataset: clawtrain_{kind}_validation", "eval_strategy: epoch"]
    lines.append(f"cutoff_len: {cutoff}")
    if stage == "sft":
        lines.append("mask_history: true")
    else:
        lines += ["pref_beta: 0.1", "pref_loss: sigmoid"]
    lines += [
        "output_dir: output_" + stage,
        "per_device_train_batch_size: 1",
        "gradient_accumulation_steps: 8",
        "learning_rate: 1.0e-4" if stage == "sft" else "learning_rate: 5.0e-6",
        "num_train_epochs: 2.0" if stage == "sft" else "num_train_epochs: 1.0",
        "lr_scheduler_type: cosine",
        "warmup_ratio: 0.05",
        "bf16: true",
        "report_to: none",
    ]
    return "\n".join(lines) + "\n"


def card(facts: Mapping[str, Any], counts: Counts, cutoff: int) -> str:
    """README.md in the Hub's form; ``facts`` is the manifest without its file hashes."""
    return "\n".join([*_front_matter(counts), "", *_body(facts, counts, cutoff)]) + "\n"


def _front_matter(counts: Counts) -> list[str]:
    examples = sum(counts["sft_sharegpt", split] for split in SPLITS)
    size = next((name for limit, name in _SIZES if examples < limit), "n>1M")
    lines = [
        "---",
        "pretty_name: Clawtrain release",
        "license: other",
        "task_categories:",
        "- text-generation",
        "tags:",
        "- agents",
        "- tool-use",
        "- sharegpt",
        "- preference",
        "size_categories:",
        f"- {size}",
    ]
    filled = [form for form in FORMS if any(counts[form, split] for split in SPLITS)]
    if filled:
        lines.append("configs:")
    for form in filled:
        lines += [f"- config_name: {form}", "  data_files:"]
        for split in SPLITS:
            if counts[form, split]:
                lines += [f"  - split: {split}", f"    path: {file_name(form, split)}"]
    return [*lines, "---"]


def _body(facts: Mapping[str, Any], counts: Counts, cutoff: int) -> list[str]:
    settings, selection = facts["settings"], facts["selection"]
    lines = [
        "# Clawtrain release",
        "",
        "Turns of an agent's real work that a judge model scored "
        f"{settings['min_overall']:g} or more of 10, and pairs of two models' answers to the "
        "same context whose blind scores differ. Personal data was replaced by typed "
        "stand-ins before anything was written here.",
        "",
        "| form | for | train | validation |",
        "|---|---|---:|---:|",
    ]
    for form in FORMS:
        lines.append(
            f"| `{form}_*.jsonl` | {_FORM_TEXT[form]} "
            f"| {counts[form, 'train']} | {counts[form, 'validation']} |"
        )
    lines += [
        "",
        "The SFT forms hold the same examples, the preference forms the same pairs. All of a "
        "session is on one side of the split.",
        "",
        "## What is learned",
        "",
        "One example is a context and one accepted turn, the last one. The turns before it are "
        "context and were not all accepted: take the loss on the last turn alone. "
        "`llamafactory_sft.yaml` does (`mask_history: true`); with TRL use "
        "`sft_prompt_completion`, whose loss is on the completion.",
        "",
        f"The longest row needs a sequence length of at most {cutoff} tokens.",
        "",
        *lengths.table(facts["tokens"], sum(counts["sft_sharegpt", split] for split in SPLITS)),
        "",
        "## How it was chosen",
        "",
    ]
    lines += [f"- {name.replace('_', ' ')}: {count}" for name, count in selection.items()]
    lines += [
        "",
        "Judges: " + ("; ".join(_judge(judge) for judge in facts["judges"]) or "none") + ".",
        "",
        "## Limits",
        "",
        "- The scores are a model's opinion; the human review of this release says how far to "
        "trust them.",
        "- Contexts are bounded copies: the oldest messages may be missing.",
        "- In contexts, calls that no result answers are left out, `(interrupted)` stands where "
        "the user spoke before the model did, and control tokens carry a space.",
        "- `lineage.jsonl` leads back to the owner's sessions: keep it when you publish the rest.",
    ]
    return lines


def _judge(judge: Mapping[str, Any]) -> str:
    return (
        f"{judge['judge_model']} (digest {str(judge['judge_digest'])[:12]}, "
        f"rubric {str(judge['rubric_hash'])[:12]}): {judge['examples']} examples"
    )
