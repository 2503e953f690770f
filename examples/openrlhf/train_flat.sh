#!/usr/bin/env bash
# The same training with OpenRLHF 0.9.8 to 0.10.1.
# Before 0.9.8 write `--prompt_max_len 4096 --generate_max_len 2048` for the two lengths, before 0.9.2 `--bf16` for the type.
set -euo pipefail
DATA=${DATA:?a folder that every node sees, with train.jsonl and val.jsonl}
MODEL=${MODEL:-Qwen/Qwen2.5-7B-Instruct}
REWARD=${REWARD:-$(python3 -c 'from toolverify_openrlhf.backend import OpenRLHF; print(OpenRLHF().path)')}
export TOOLVERIFY_PROFILE=${TOOLVERIFY_PROFILE:-tool-n1}   # before Ray starts, so that its workers know it

exec python3 -m openrlhf.cli.train_ppo_ray \
  --pretrain "$MODEL" \
  --remote_rm_url "$REWARD" \
  --prompt_data "$DATA/train.jsonl" --input_key prompt --label_key label --apply_chat_template \
  --max_len 6144 --max_new_tokens 2048 \
  --eval_dataset "$DATA/val.jsonl" --eval_steps 10 --eval_temperature 0.0 --eval_n_samples_per_prompt 1 \
  --rollout_batch_size 128 --n_samples_per_prompt 8 --micro_rollout_batch_size 8 --temperature 0.7 \
  --train_batch_size 1024 --micro_train_batch_size 4 --use_dynamic_batch --train_max_tokens_per_gpu 16384 \
  --advantage_estimator group_norm --init_kl_coef 1e-3 --use_kl_loss --kl_estimator k3 \
  --dynamic_filtering --dynamic_filtering_reward_range 0 1 \
  --actor_learning_rate 1e-6 --entropy_loss_coef 0.0 --gradient_checkpointing \
  --actor_num_nodes 1 --actor_num_gpus_per_node 8 --ref_num_nodes 1 --ref_num_gpus_per_node 8 \
  --vllm_num_engines 8 --vllm_tensor_parallel_size 1 --vllm_gpu_memory_utilization 0.6 --enforce_eager \
  --colocate_all_models --vllm_enable_sleep --deepspeed_enable_sleep \
  --zero_stage 3 --param_dtype bf16 --packing_samples --attn_implementation flash_attention_2 \
  --save_path "$DATA/out" --ckpt_path "$DATA/ckpt" --save_steps 20 --save_hf_ckpt \
  --use_tensorboard "$DATA/tb" "$@"
