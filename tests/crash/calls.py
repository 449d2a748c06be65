"""System calls of x86-64 by number, and which of them leave nothing behind for others.

All that is not listed as such counts as a step, so that a new way to change the world is a step by
itself.
"""

ASKING = {
    0: "read", 4: "stat", 5: "fstat", 6: "lstat", 17: "pread64", 21: "access", 74: "fsync",
    75: "fdatasync", 89: "readlink", 137: "statfs", 138: "fstatfs", 217: "getdents64",
    262: "newfstatat", 267: "readlinkat", 269: "faccessat", 332: "statx", 439: "faccessat2",
}  # fmt: skip
"""They ask, or promise (fsync) what the death of a process does not break. They may fail."""

CHANGING = {
    1: "write", 2: "open", 18: "pwrite64", 20: "writev", 42: "connect", 44: "sendto",
    46: "sendmsg", 56: "clone", 57: "fork", 58: "vfork", 61: "wait4", 62: "kill", 76: "truncate",
    77: "ftruncate", 82: "rename", 83: "mkdir", 84: "rmdir", 85: "creat", 86: "link",
    87: "unlink", 88: "symlink", 90: "chmod", 91: "fchmod", 92: "chown", 93: "fchown",
    188: "setxattr", 190: "fsetxattr", 234: "tgkill", 247: "waitid", 257: "openat",
    258: "mkdirat", 263: "unlinkat", 264: "renameat", 265: "linkat", 268: "fchmodat",
    280: "utimensat", 285: "fallocate", 316: "renameat2", 424: "pidfd_send_signal",
    435: "clone3",
}  # fmt: skip
"""Those of the others that are known by name."""

NAMES = {**ASKING, **CHANGING}

_PRIVATE = frozenset({
    3, 8, 32, 33, 72, 73, 292, 16, 22, 293, 19, 27, 221, 319, 436,  # descriptors; locks, pipes
    7, 23, 213, 232, 233, 270, 271, 281, 291, 441,  # waiting
    9, 10, 11, 12, 25, 28,  # memory
    13, 14, 15, 127, 128, 130, 131,  # its own signals
    24, 34, 35, 36, 37, 38, 96, 201, 228, 229, 230,  # time
    39, 63, 79, 80, 81, 95, 97, 98, 99, 100, 102, 104, 107, 108, 110, 111, 112, 121, 124, 157, 158,
    186, 202, 203, 204, 218, 231, 60, 273, 302, 318, 334, 434,  # itself, its threads, its end
    41, 43, 45, 47, 48, 49, 50, 51, 52, 53, 54, 55,  # sockets, but for what is sent
    191, 192, 193, 194, 195, 196, 253, 254, 255, 294,  # attributes that are read; inotify
})  # fmt: skip

SILENT = frozenset(ASKING) | _PRIVATE
"""They change nothing that outlives the process: its death gives locks and leases back."""
