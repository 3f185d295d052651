"""Whether an answer is the reference: the verifiers, and how far each can be trusted."""
