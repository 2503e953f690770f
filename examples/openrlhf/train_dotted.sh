#!/usr/bin/env bash
# GRPO with OpenRLHF 0.10.2 or later: one node with 8 GPUs. DATA holds train.jsonl and val.jsonl (make_data.py).
set -euo pipefail
DATA=${DATA:?a folder that every node sees, with train.jsonl and val.jsonl}
MODEL=${MODEL:-Qwen/Qwen2.5-7B-Instruct}
REWARD=${REWARD:-$(python3 -c 'from toolverify_openrlhf.backend import OpenRLHF; print(OpenRLHF().path)')}
export TOOLVERIFY_PROFILE=${TOOLVERIFY_PROFILE:-tool-n1}   # before Ray starts, so that its workers know it

exec python3 -m openrlhf.cli.train_ppo_ray \
  --actor.model_name_or_path "$MODEL" \
  --reward.remote_url "$REWARD" \
  --data.prompt_dataset "$DATA/train.jsonl" --data.input_key prompt --data.label_key label --data.apply_chat_template \
  --data.max_len 6144 --rollout.max_new_tokens 2048 \
  --eval.dataset "$DATA/val.jsonl" --eval.steps 10 --eval.temperature 0.0 --eval.n_samples_per_prompt 1 \
  --rollout.batch_size 128 --rollout.n_samples_per_prompt 8 --rollout.micro_batch_size 8 --rollout.temperature 0.7 \
  --train.batch_size 1024 --train.micro_batch_size 4 --train.dynamic_batch_enable --train.max_tokens_per_gpu 16384 \
  --algo.advantage.estimator group_norm --algo.kl.init_coef 1e-3 --algo.kl.use_loss --algo.kl.estimator k3 \
  --algo.dynamic_filtering_enable --algo.dynamic_filtering_range 0 1 \
  --actor.adam.lr 1e-6 --actor.entropy_coef 0.0 --actor.gradient_checkpointing_enable \
  --actor.num_nodes 1 --actor.num_gpus_per_node 8 --ref.num_nodes 1 --ref.num_gpus_per_node 8 \
  --vllm.num_engines 8 --vllm.tensor_parallel_size 1 --vllm.gpu_memory_utilization 0.6 --vllm.enforce_eager \
  --train.colocate_all --vllm.enable_sleep --ds.enable_sleep \
  --ds.zero_stage 3 --ds.param_dtype bf16 --ds.packing_samples --ds.attn_implementation flash_attention_2 \
  --ckpt.output_dir "$DATA/out" --ckpt.path "$DATA/ckpt" --ckpt.save_steps 20 --ckpt.save_hf \
  --logger.tensorboard_dir "$DATA/tb" "$@"
