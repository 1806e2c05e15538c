"""Tiny COMET checkpoints, made in the COMET environment: python build_comet.py OUT ROWS.json.

Writes OUT/{reference,free,unified}/ as unbabel-comet lays checkpoints out, with random weights,
OUT/lacking (a weight is missing), OUT/code (its pickle holds code), and OUT/scores.json: what
COMET's own `predict` says of the rows.
"""

import json
import os
import shutil
import sys
from pathlib import Path

import pytorch_lightning
import torch
import yaml
from comet.models import (
    ReferencelessRegression,
    RegressionMetric,
    UnifiedMetric,
    load_from_checkpoint,
)
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import XLMRobertaConfig, XLMRobertaTokenizerFast

out, rows = Path(sys.argv[1]).resolve(), json.loads(Path(sys.argv[2]).read_text())
encoder = out / "encoder"
KINDS = {
    "reference": (RegressionMetric, {}),
    "free": (ReferencelessRegression, {}),
    "unified": (UnifiedMetric, {"word_layer": 1, "input_segments": ["mt", "src"]}),
}

tokenizer = Tokenizer(models.Unigram())
tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
tokenizer.train_from_iterator(
    [text for row in rows for text in row.values()],
    trainers.UnigramTrainer(vocab_size=150, unk_token="<unk>",
                            special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"]),
)
fast = XLMRobertaTokenizerFast(tokenizer_object=tokenizer)
fast.save_pretrained(encoder)
XLMRobertaConfig(
    vocab_size=len(fast), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
    intermediate_size=32, max_position_embeddings=130, pad_token_id=1,
).save_pretrained(encoder)

scores = {}
for name, (kind, settings) in KINDS.items():
    torch.manual_seed(7)
    model = kind(encoder_model="XLM-RoBERTa", pretrained_model=str(encoder), hidden_sizes=[32, 16],
                 load_pretrained_weights=False, local_files_only=True, **settings)
    trainer = pytorch_lightning.Trainer(
        logger=False, enable_checkpointing=False, accelerator="cpu", enable_progress_bar=False)
    trainer.strategy.connect(model)
    path = out / name / "checkpoints" / "model.ckpt"
    path.parent.mkdir(parents=True)
    trainer.save_checkpoint(path, weights_only=True)
    (out / name / "hparams.yaml").write_text(yaml.dump(dict(model.hparams)))
    loaded = load_from_checkpoint(str(path), local_files_only=True)
    scores[name] = loaded.predict(rows, batch_size=16, gpus=0, progress_bar=False)["scores"]
(out / "scores.json").write_text(json.dumps(scores))


class Code:
    def __reduce__(self):
        return os.system, (f"touch {out / 'executed'}",)


for name in ("lacking", "code"):
    shutil.copytree(out / "free", out / name)
    path = out / name / "checkpoints" / "model.ckpt"
    content = torch.load(path, weights_only=True)
    if name == "code":
        content["extra"] = Code()
    else:
        del content["state_dict"]["estimator.ff.0.weight"]
    torch.save(content, path)
