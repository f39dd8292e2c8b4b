from __future__ import annotations

import threading

from dogpile.cache.api import NO_VALUE

from chatsso_middleware.state.memory import BoundedMemoryBackend


def test_what_was_used_last_is_kept_and_what_was_not_is_dropped() -> None:
    memory = BoundedMemoryBackend({"most": 3})
    for key in "abc":
        memory.set(key, key.upper())
    assert memory.get("a") == "A"
    memory.set("d", "D")
    assert [memory.get(key) for key in "abcd"] == ["A", NO_VALUE, "C", "D"]


def test_a_new_value_takes_the_place_of_the_old_one() -> None:
    memory = BoundedMemoryBackend({"most": 2})
    for value in range(5):
        memory.set("a", value)
    memory.set("b", 0)
    assert (memory.get("a"), memory.get("b")) == (4, 0)


def test_to_delete_what_is_not_there_is_fine() -> None:
    memory = BoundedMemoryBackend({})
    memory.delete("a")
    memory.set("a", 1)
    memory.delete("a")
    assert memory.get("a") is NO_VALUE


def test_many_threads_never_make_it_larger_than_its_bound_nor_break_it() -> None:
    memory = BoundedMemoryBackend({"most": 50})
    errors = []

    def work(number: int) -> None:
        try:
            for turn in range(2000):
                key = str((number * 7919 + turn) % 200)
                memory.set(key, key)
                assert memory.get(key) in (key, NO_VALUE)
                memory.delete(str(turn % 200))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(memory._entries) <= 50
