"""Right functions with odd habits, called by functional and assert tests: what people and models write is accepted."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from reasoncore.verify.code import CodeTask, CodeTest, CodeVerifier

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")


@pytest.fixture(scope="module")
def verifier() -> Iterator[CodeVerifier]:
    with CodeVerifier(workers=1) as shared:
        yield shared


def accept(
    verifier: CodeVerifier, source: str, *tests: CodeTest, entry_point: str | None = None, setup: str = ""
) -> None:
    verdict = verifier.judge(source, CodeTask(tests, entry_point, setup))
    assert verdict.correct is True, verdict.reason
    assert set(verdict.details["tests"]) == {"AC"}


FUNCTIONS: dict[str, tuple[str, str, Any, Any]] = {
    "tuple for a list": ("def f(a): return a, (a, a)", "f", [1], [1, [1, 1]]),
    "generator inside": ("def f(a): return sum(x for x in (y for y in a))", "f", [[1, 2]], 3),
    "argument changed": ("def f(a):\n    a.sort()\n    return a", "f", [[2, 1]], [1, 2]),
    "keywords": ("def f(b, a): return a - b", "f", {"a": 3, "b": 1}, 2),
    "lambda": ("f = lambda a: a + 1", "f", [1], 2),
    "method": ("class Solution:\n    def f(self, a): return a + 1", "Solution().f", [1], 2),
    "method asked for by name": ("class Solution:\n    def f(self, a): return a + 1", "f", [1], 2),
    "static method": ("class Solution:\n    @staticmethod\n    def f(a): return a + 1", "Solution().f", [1], 2),
    "class with state": (
        "class Solution:\n    def __init__(self): self.seen = {}\n"
        "    def f(self, a): return self.seen.setdefault(a, a + 1)",
        "Solution().f", [1], 2,
    ),
    "names without imports": (
        "class Solution:\n    def f(self, a: List[int]) -> Optional[int]:\n"
        "        h = [x for x in a]\n        heapify(h)\n"
        "        d = deque(Counter(h)); m = defaultdict(int); return min(inf, heappop(h), SortedList(a)[0], pow(2, 9))",
        "Solution().f", [[3, 1]], 1,
    ),
    "modules without imports": (
        "class Solution:\n    def f(self, a: List[int]) -> int:\n        heapq.heapify(a)\n"
        "        b = bisect.bisect_left(a, 3) + bisect_left(a, 3)\n"
        "        return b + math.gcd(2, 4) + len(string.digits) + len(collections.deque(a))",
        "Solution().f", [[3, 1]], 16,
    ),
    "a class Solution behind a bare name": (
        "class Solution:\n    def f(self, a: List[int]) -> int: return a[0]", "f", [[5]], 5,
    ),
    "linked list": (
        "class Solution:\n    def f(self, head: Optional[ListNode]) -> Optional[ListNode]:\n        back = None\n"
        "        while head: head.next, back, head = back, head, head.next\n        return back",
        "Solution().f", [[1, 2, 3]], [3, 2, 1],
    ),
    "empty linked list": (
        "class Solution:\n    def f(self, head: Optional[ListNode]) -> Optional[ListNode]:\n        return head",
        "Solution().f", [[]], [],
    ),
    "linked list, quoted": (
        "class Solution:\n    def f(self, head: 'ListNode') -> 'ListNode':\n        return head.next",
        "Solution().f", [[1, 2]], [2],
    ),
    "linked list, annotations not evaluated": (
        "from __future__ import annotations\nclass Solution:\n"
        "    def f(self, head: ListNode | None) -> ListNode | None:\n        return head.next",
        "Solution().f", [[1, 2]], [2],
    ),
    "linked list, self by another name": (
        "class Solution:\n    def f(this, k: int, head: ListNode) -> ListNode:\n        return head.next",
        "Solution().f", [1, [1, 2]], [2],
    ),
    "linked list, cached": (
        "class Solution:\n    @cache\n    def f(self, head: Optional[ListNode]) -> Optional[ListNode]:\n"
        "        return head.next",
        "Solution().f", [[1, 2]], [2],
    ),
    "linked list, null expected": (
        "class Solution:\n    def f(self, head: ListNode) -> Optional[ListNode]: return head.next", "Solution().f",
        [[1]], None,
    ),
    "linked list of a class with methods": (
        "class ListNode:\n    def __init__(self, x):\n        self.val, self.next = x, None\n"
        "    def last(self): return self.next.last() if self.next else self.val\n"
        "class Solution:\n    def f(self, head: ListNode) -> int: return head.last()",
        "Solution().f", [[1, 2]], 2,
    ),
    "parts of a linked list, one empty": (
        "class Solution:\n    def f(self, head: Optional[ListNode], k: int) -> List[Optional[ListNode]]:\n"
        "        return [head, None]",
        "Solution().f", [[1], 2], [[1], []],
    ),
    "lists of linked lists, if any": (
        "class Solution:\n    def f(self, lists: Optional[List[ListNode]]) -> Optional[ListNode]: return lists[0]",
        "Solution().f", [[[1], [2]]], [1],
    ),
    "lists of linked lists, quoted": (
        "class Solution:\n    def f(self, lists: 'list[ListNode]') -> 'ListNode': return lists[1]",
        "Solution().f", [[[1], [2]]], [2],
    ),
    "lists of linked lists": (
        "class Solution:\n    def f(self, lists: List[Optional[ListNode]]) -> int:\n"
        "        return sum(n.val for n in lists if n)",
        "Solution().f", [[[1, 2], [], [3]]], 4,
    ),
    "own node class": (
        "class ListNode:\n    def __init__(self, val=0, next=None):\n        self.val = val; self.next = next\n"
        "class Solution:\n    def f(self, head: ListNode) -> ListNode:\n        return ListNode(0, head)",
        "Solution().f", [[1]], [0, 1],
    ),
    "tree": (
        "class Solution:\n    def f(self, root: Optional[TreeNode]) -> Optional[TreeNode]:\n"
        "        if root: root.left, root.right = self.f(root.right), self.f(root.left)\n        return root",
        "Solution().f", [[1, 2, 3, None, 4]], [1, 3, 2, None, None, 4],
    ),
    "tree, null expected": (
        "class Solution:\n    def f(self, root: Optional[TreeNode]) -> Optional[TreeNode]: return root",
        "Solution().f", [[]], None,
    ),
    "tree changed in place": (
        "class Solution:\n    def f(self, root: Optional[TreeNode]) -> None:\n"
        "        root.right, root.left = root.left, None",
        "Solution().f", [[1, 2]], [1, None, 2],
    ),
    "list changed in place": (
        "class Solution:\n    def f(self, nums: List[int]) -> None:\n        nums.sort(key=lambda v: v == 0)",
        "Solution().f", {"nums": [0, 1, 2]}, [1, 2, 0],
    ),
    "list changed in place, annotation not evaluated": (
        "def f(matrix, k: int) -> 'None':\n    matrix[:] = [list(r)[::-1] for r in zip(*matrix)]",
        "f", [[[1, 2], [3, 4]], 1], [[3, 1], [4, 2]],
    ),
    "nothing returned": ("def f(a: list) -> None:\n    a.append(1)", "f", [[]], None),
    "design with a linked list": (
        "class Pick:\n    def __init__(self, head: Optional[ListNode]): self.head = head\n"
        "    def same(self, root: 'TreeNode') -> bool: return root.val == self.head.val\n"
        "    def rest(self) -> Optional[ListNode]: return self.head.next",
        "Pick", [["Pick", "same", "rest"], [[[7, 2]], [[7, 1]], []]], [None, True, [2]],
    ),
    "design": (
        "class Stack:\n    def __init__(self, a): self.items = [a]\n    def push(self, x): self.items.append(x)\n"
        "    def pop(self): return self.items.pop()",
        "Stack", [["Stack", "push", "pop", "pop"], [[1], [5], [], []]], [None, None, 5, 1],
    ),
    "numpy value": ("import numpy as np\ndef f(a): return np.array(a) * 2", "f", [[1, 2]], [2, 4]),
    "numpy number": ("import numpy as np\ndef f(a): return np.int64(a) + np.float64(0.5)", "f", [1], 1.5),
    "dictionary": ("from collections import Counter\ndef f(a): return Counter(a)", "f", [[1, 1, 2]], {"1": 2, "2": 1}),
    "not a number": ("def f(): return [1.0, float('nan')]", "f", [], [1.0, float("nan")]),
    "infinity": ("def f(): return float('inf')", "f", [], float("inf")),
    "big number": ("def f(a): return a ** 100", "f", [10], 10**100),
    "prints too": ("import sys\ndef f(a):\n    print('x', file=sys.stderr)\n    print('x')\n    return a", "f", [1], 1),
    "not main": ("def f(a): return a\nif __name__ == '__main__':\n    input()", "f", [1], 1),
    "cached": ("from functools import cache\n@cache\ndef f(a): return a", "f", [1], 1),
    "partial": ("from functools import partial\nf = partial(max, 5)", "f", [1], 5),
    "callable": ("class F:\n    def __call__(self, a): return a\nf = F()", "f", [1], 1),
    "None": ("def f(a): pass", "f", [1], None),
    "recursion": ("def f(a): return 0 if a == 0 else 1 + f(a - 1)", "f", [9000], 9000),
}  # fmt: skip


@pytest.mark.parametrize(("source", "entry_point", "given", "expected"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_functions(verifier: CodeVerifier, source: str, entry_point: str, given: Any, expected: Any) -> None:
    accept(verifier, source, CodeTest("functional", given, expected), entry_point=entry_point)


ASSERTS: dict[str, tuple[str, str]] = {
    "plain": ("def f(a): return a", "assert f(1) == 1\nassert f([1, (2,)]) == [1, (2,)]"),
    "check not called": ("def f(a): return a", "def check(candidate):\n    assert candidate(1) == 1"),
    "check called": ("def f(a): return a", "def check(candidate):\n    assert candidate(1) == 1\ncheck(f)"),
    "helper from setup": ("def f(a): return a + 1e-9", "assert near(f(1), 1)"),
    "exception expected": (
        "def f(a):\n    if a < 0: raise ValueError('negative')\n    return a",
        "try:\n    f(-1)\nexcept ValueError as e:\n    assert 'negative' in str(e)\nelse:\n    assert False",
    ),
    "own exception": (
        "class Mine(Exception): pass\ndef f(a): raise Mine('x')",
        "try:\n    f(1)\nexcept Exception as e:\n    assert 'x' in str(e)\nelse:\n    assert False",
    ),
    "changed in place": ("def f(a): a.append(4)", "x = [1]\nf(x)\nassert x == [1, 4]"),
    "objects": (
        "class A:\n    def __init__(self): self.n = 0\n"
        "    def add(self, k):\n        self.n += k\n        return self\n"
        "def f(a): return A()",
        "o = f(1)\no.add(2).add(3)\nassert o.n == 5\no.n = 7\nassert o.n == 7",
    ),
    "numpy": ("def f(a): return a", "assert np.allclose(f([1.0, 2.0]), np.array([1, 2]))"),
    "name made by a star import": ("def f(a): return a", "from math import *\nassert f(sqrt(4)) == 2"),
    "names looked up": ("def f(a): return a", "assert globals()['f'](1) == eval('f(1)') == 1"),
    "node classes": (
        "def f(a): return a.next",
        "r = f(ListNode(1, ListNode(2)))\nassert r.val == 2 and r.next is None",
    ),
    "generator": ("def f(a):\n    yield from range(a)", "assert list(f(3)) == [0, 1, 2]"),
    "types": ("def f(a): return {1, 2}", "r = f(1)\nassert isinstance(r, set) and r == {2, 1} and f(1) != [1, 2]"),
    "infinite": ("def f(a): return a", "assert f(float('inf')) == float('inf') and f(float('nan')) != 0"),
    "many calls": ("def f(a): return a", "assert [f(i) for i in range(2000)] == list(range(2000))"),
    "unittest": (
        "def f(a): return a",
        "import unittest\nclass T(unittest.TestCase):\n    def test(self): self.assertEqual(f(1), 1)\n"
        "assert unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(T)).wasSuccessful()",
    ),
    "module of the program": ("import math\ndef f(a): return math.sqrt(a)", "assert math.isclose(f(4), 2)"),
    "builtin's name": ("def f(a): return sorted(a)", "assert f([2, 1]) == sorted([2, 1]) and max(f([1, 5])) == 5"),
}


@pytest.mark.parametrize(("source", "code"), ASSERTS.values(), ids=ASSERTS)
def test_asserts(verifier: CodeVerifier, source: str, code: str) -> None:
    setup = "def near(a, b): return abs(a - b) < 1e-6\n" if "near" in code else ""
    accept(verifier, source, CodeTest("assert", code=code), entry_point="f", setup=setup)


@pytest.mark.parametrize("entry_point", ["string", "bisect", "max"])
def test_an_entry_point_with_a_modules_or_a_builtins_name(verifier: CodeVerifier, entry_point: str) -> None:
    test = CodeTest("assert", code=f"assert {entry_point}([1]) == 5")
    accept(verifier, f"def {entry_point}(x): return 5", test, entry_point=entry_point)


def test_large_arguments_and_values_in_assert_tests(verifier: CodeVerifier) -> None:
    for code in (
        "assert len(f([10**8] * 150000)) == 150000",
        "assert f('a' * 2_000_000) == 'a' * 2_000_000",
        "x = list(range(300_000))\nassert f(x) == x",
    ):
        accept(verifier, "def f(a): return a", CodeTest("assert", code=code), entry_point="f")


@pytest.mark.parametrize("result", ["1", "re.match('1', output)", "np.isclose(1.0, 1.0)", "True"])
def test_what_a_checker_may_return(verifier: CodeVerifier, result: str) -> None:
    checker = f"import re\nimport numpy as np\ndef check(given, expected, output):\n    return {result}"
    accept(verifier, "print(1)", CodeTest("stdin", "", "2", checker=checker))


def test_any_answer_that_a_checker_accepts(verifier: CodeVerifier) -> None:
    pair = "def check(given, expected, output):\n    return len(output) == 2 and sum(output) == sum(expected)"
    test = CodeTest("functional", [5], [2, 3], checker=pair)
    accept(verifier, "def f(a): return (1, a - 1)", test, entry_point="f")
    text = "def check(given, expected, output):\n    return sum(map(int, output.split())) == int(given)"
    accept(verifier, "n = int(input())\nprint(1, n - 1)", CodeTest("stdin", "5\n", "2 3", checker=text))
