"""What OpenRLHF's options are called: flat up to 0.10.1, with dots from 0.10.2 on, and some only for a while."""

from __future__ import annotations

from toolverify_openrlhf.versions import DOTTED, ONE_LENGTH, Version

#: Each group of dotted options, and what each was called before: `old=new`, or `name` where only the group is new.
_GROUPS = {
    "actor": (
        "actor_learning_rate=adam.lr actor_num_gpus_per_node=num_gpus_per_node actor_num_nodes=num_nodes "
        "adam_betas=adam.betas aux_loss_coef dual_clip entropy_loss_coef=entropy_coef eps_clip "
        "eps_clip_low_high freeze_visual_encoder gradient_checkpointing=gradient_checkpointing_enable "
        "gradient_checkpointing_use_reentrant=gradient_checkpointing_reentrant l2=adam.weight_decay "
        "lr_scheduler lr_warmup_ratio max_norm policy_loss_type pretrain=model_name_or_path"
    ),
    "algo": (
        "advantage_estimator=advantage.estimator dynamic_filtering=dynamic_filtering_enable "
        "dynamic_filtering_reward_range=dynamic_filtering_range "
        "enable_vllm_is_correction=advantage.is_correction_enable gamma=advantage.gamma "
        "init_kl_coef=kl.init_coef kl_estimator=kl.estimator kl_horizon=kl.horizon kl_target=kl.target "
        "lambd=advantage.lambd no_advantage_std_norm=advantage.no_std_norm use_kl_loss=kl.use_loss "
        "vllm_is_correction_type=advantage.is_correction_type "
        "vllm_is_truncated_threshold=advantage.is_correction_threshold"
    ),
    "ckpt": (
        "best_metric_key ckpt_path=path disable_ds_ckpt=disable_ds load_checkpoint=load_enable "
        "max_ckpt_mem=max_mem max_ckpt_num=max_num save_hf_ckpt=save_hf save_path=output_dir save_steps"
    ),
    "critic": (
        "critic_learning_rate=adam.lr critic_num_gpus_per_node=num_gpus_per_node critic_num_nodes=num_nodes "
        "critic_pretrain=model_name_or_path freezing_actor_steps=freezing_steps save_value_network value_clip"
    ),
    "data": (
        "apply_chat_template dataloader_num_workers disable_fast_tokenizer image_key input_key input_template "
        "label_key max_images_per_prompt max_len max_samples prompt_data=prompt_dataset "
        "prompt_data_probs=prompt_probs prompt_split"
    ),
    "ds": (
        "adam_offload attn_implementation deepcompile deepspeed_enable_sleep=enable_sleep "
        "ds_tensor_parallel_size=tensor_parallel_size grad_accum_dtype load_in_4bit lora_alpha=lora.alpha "
        "lora_dropout=lora.dropout lora_rank=lora.rank overlap_comm packing_samples param_dtype "
        "ring_attn_size ring_head_stride=ring_attn_head_stride target_modules=lora.target_modules "
        "use_ds_universal_ckpt=use_universal_ckpt use_liger_kernel value_head_prefix zero_stage zpg"
    ),
    "eval": (
        "eval_dataset=dataset eval_n_samples_per_prompt=n_samples_per_prompt eval_split=split "
        "eval_steps=steps eval_temperature=temperature"
    ),
    "logger": (
        "logging_steps use_tensorboard=tensorboard_dir use_wandb=wandb.key wandb_group=wandb.group "
        "wandb_org=wandb.org wandb_project=wandb.project wandb_run_name=wandb.run_name"
    ),
    "ref": "ref_num_gpus_per_node=num_gpus_per_node ref_num_nodes=num_nodes",
    "reward": (
        "normalize_reward=normalize_enable overlong_buffer_len overlong_penalty_factor "
        "remote_rm_url=remote_url reward_clip_range=clip_range reward_num_gpus_per_node=num_gpus_per_node "
        "reward_num_nodes=num_nodes reward_pretrain=model_name_or_path stop_properly_penalty_coef"
    ),
    "rollout": (
        "max_new_tokens micro_rollout_batch_size=micro_batch_size n_samples_per_prompt "
        "rollout_batch_size=batch_size rollout_max_tokens_per_gpu=max_tokens_per_gpu temperature top_p "
        "vllm_generate_batch_size"
    ),
    "train": (
        "agent_func_path async_queue_size async_train=async_enable colocate_actor_ref "
        "colocate_all_models=colocate_all colocate_critic_reward ema_beta enable_ema "
        "full_determinism=full_determinism_enable max_epochs micro_train_batch_size=micro_batch_size "
        "num_episodes partial_rollout=partial_rollout_enable seed train_batch_size=batch_size "
        "train_max_tokens_per_gpu=max_tokens_per_gpu use_dynamic_batch=dynamic_batch_enable"
    ),
    "vllm": (
        "enable_prefix_caching enforce_eager vllm_enable_sleep=enable_sleep "
        "vllm_gpu_memory_utilization=gpu_memory_utilization vllm_num_engines=num_engines "
        "vllm_sync_backend=sync_backend vllm_sync_with_ray=sync_with_ray "
        "vllm_tensor_parallel_size=tensor_parallel_size"
    ),
}

#: Options that went away or came before the dots: the name, the first version without it, and what took its place.
ENDED: dict[str, tuple[Version, str]] = {
    "flash_attn": ((0, 8, 10), "attn_implementation flash_attention_2"),
    "bf16": ((0, 9, 2), "param_dtype bf16"),
    "prompt_max_len": (ONE_LENGTH, "max_len, which is for prompt and response together"),
    "generate_max_len": (ONE_LENGTH, "max_new_tokens"),
    "ref_reward_offload": (DOTTED, "ref.offload and reward.offload"),
    "algo.advantage.is_correction_enable": ((0, 11, 2), "algo.advantage.is_correction_level"),
    "algo.advantage.is_correction_type": ((0, 11, 2), "algo.advantage.is_correction_mode"),
}
#: Options that came later: the name, and the first version with it.
BEGUN: dict[str, Version] = {
    "dynamic_filtering": (0, 8, 1),
    "dynamic_filtering_reward_range": (0, 8, 1),
    "attn_implementation": (0, 8, 10),
    "param_dtype": (0, 9, 2),
    "stop_properly_penalty_coef": (0, 9, 2),
    "max_new_tokens": ONE_LENGTH,
    "algo.kl.unbiased_gradient": (0, 11, 1),
    "actor.loss_agg_mode": (0, 11, 2),
    "algo.advantage.is_correction_level": (0, 11, 2),
    "algo.advantage.is_correction_mode": (0, 11, 2),
    "algo.advantage.is_correction_gating": (0, 11, 2),
}


def _pairs() -> dict[str, str]:
    named = [(group, word.partition("=")) for group, words in _GROUPS.items() for word in words.split()]
    return {old: f"{group}.{new or old}" for group, (old, _, new) in named}


#: The dotted name of each flat option.
DOTTED_NAMES = _pairs()
FLAT_NAMES = {dotted: flat for flat, dotted in DOTTED_NAMES.items()}
