from training.objectives.sft import Sft
from training.running.memory import memory_error


def test_memory_errors_of_python_and_torch_become_sentences():
    found = [MemoryError(), RuntimeError("CUDA out of memory. Tried"), RuntimeError("can't allocate memory: you")]
    assert [str(memory_error(error, "Lower it")) for error in found] == [
        "Memory ran out. Lower it, then start a new run."
    ] * 3


def test_other_errors_stay_as_they_are():
    error = RuntimeError("shape mismatch")
    assert memory_error(error, "Lower it") is error


def test_the_remedy_names_the_settings_to_change_with_their_values():
    assert str(memory_error(MemoryError(), Sft(batch_tokens=512, max_length=300).remedy())) == (
        "Memory ran out. Lower batch_tokens (512), per_device_train_batch_size (64) or max_length (300), raise "
        "gradient_accumulation_steps (1) by as much, or turn on gradient_checkpointing or lora, then start a new run."
    )
