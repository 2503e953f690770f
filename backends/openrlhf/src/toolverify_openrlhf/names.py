"""The names in OpenRLHF's log: its own, which no rule may have, and those that this adapter adds."""

#: The answer was found although the prompt did not stand before it as it was given.
SPLIT_REPAIRED = "split_repaired"
#: No answer was found: the prompt was scored with it.
SPLIT_FAILED = "split_failed"

#: What OpenRLHF 0.8.3 to 0.11.2 writes into the same dictionaries: a component of such a name would overwrite it.
_METRICS = """
_num_action_tokens _num_samples _weights act_loss actor_grad_norm actor_loss actor_lr aux_loss critic_grad_norm critic_loss
critic_lr dynamic_filtering_pass_rate ent_loss entropy_loss epoch extra_logs generated_samples global_step
group_reward_std is_filter_ratio kl logprobs_diff metrics num_action_tokens num_actions num_samples policy_loss ppo_clip_ratio
ppo_kl ptx_loss response_clip_ratio response_length return returns reward rewards score scores total_length truncated values
vllm_kl weights
rollout/num_samples rollout/response_length_mean rollout/reward_mean rollout/reward_std rollout/truncated_rate
timing/broadcast timing/generation timing/make_experience timing/ppo_train timing/step_total
"""
RESERVED = (*_METRICS.split(), SPLIT_REPAIRED, SPLIT_FAILED)
