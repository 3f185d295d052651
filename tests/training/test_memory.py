from training.memory import memory_error


def test_memory_errors_of_python_and_torch_become_sentences():
    found = [MemoryError(), RuntimeError("CUDA out of memory. Tried"), RuntimeError("can't allocate memory: you")]
    assert [str(memory_error(error, "Lower it")) for error in found] == [
        "Memory ran out. Lower it, then start a new run."
    ] * 3


def test_other_errors_stay_as_they_are():
    error = RuntimeError("shape mismatch")
    assert memory_error(error, "Lower it") is error
