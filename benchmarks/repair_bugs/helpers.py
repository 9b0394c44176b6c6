"""What a test file may call beside the program: each is copied into the files that use it."""

# The functions stand alone in test files, whose programs are untyped.
# mypy: ignore-errors
# ruff: noqa: PLC0415, D102


class N:
    """A node of a list or tree, under the names that programs use."""

    def __init__(self, val, next=None, left=None, right=None):  # noqa: A002
        self.val, self.next, self.left, self.right = val, next, left, right


def link(values):
    """A linked list."""
    head = None
    for value in reversed(values):
        head = N(value, head)
    return head


def unlink(head):
    """The values of a linked list."""
    values = []
    while head is not None and len(values) < 1000:
        values.append(head.val)
        head = head.next
    return values


def plant(tree):
    """A tree of nodes from `[value, left, right]`."""
    return tree and N(tree[0], None, plant(tree[1]), plant(tree[2]))


def along(node):
    """Values from a node on to the right."""
    values = []
    while node is not None and len(values) < 1000:
        values.append(node.val)
        node = node.right
    return values


def inplace(f, a):
    """What it answers and what became of its first argument."""
    return [f(*a), a[0]]


def printed(f, a):
    """What it answers and what it prints."""
    import contextlib
    import io

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        answer = f(*a)
    return [answer, out.getvalue()]


def take(items):
    """At most the first 50."""
    return [item for _, item in zip(range(50), items, strict=False)]


def heaped(f, values):
    """All of a heap, smallest first."""
    heap = f()
    for value in values:
        heap.insert(value)
    return [heap.delete() for _ in values]


def mapped(f, keys, absent):
    """A search tree asked for each key, one of them deleted."""
    tree = f()
    for key in keys:
        tree.put(key, key * 2)
    tree.delete(keys[0])
    return [[tree.get(key) for key in [*keys, absent]], len(tree)]


def listed(f, values, wanted):
    """A list that was built, asked and shortened."""
    found = f()
    for value in values:
        found.add(value)
    answers = [found.size(), found.search(wanted), found.is_empty()]
    if wanted in values:
        found.remove(wanted)
    return [*answers, found.size(), found.search(wanted)]


class G(dict):
    """A graph of adjacency lists with the few methods that programs ask for."""

    def neighbors(self, node):
        """Neighbours of a node."""
        return iter(self[node])

    @property
    def _adj(self):
        return self

    adj = _adj

    def edges(self, node):
        """Pairs from a node on."""
        return [(node, other) for other in self[node]]

    def is_multigraph(self):
        """Never."""
        return False

    def is_directed(self):
        """Always."""
        return True


class Z:
    """The ring of integers."""

    zero, one = 0, 1

    def __new__(cls, value=0):
        return value

    @staticmethod
    def invert(a, p):
        """Inverse modulo p."""
        return pow(a, -1, p)
