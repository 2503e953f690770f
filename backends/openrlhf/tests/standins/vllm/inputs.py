"""What OpenRLHF imports from vllm.inputs."""

TokensPrompt = dict
