from toolverify_openrlhf import make_reward_func

reward_func = make_reward_func(profile="typed", format="hermes")
