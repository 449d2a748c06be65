"""*Controller*: whether the loop, the list and tmux are well, and what it all takes."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from grafana.generator import look
from grafana.generator.frame import frame
from grafana.generator.look import ALL_IS_GOOD, GREEN, NONE_IS_BETTER, ORANGE, PLAIN, RED
from grafana.generator.panels import heat, lines, number
from grafana.generator.queries import ask, ask_heat, ask_now, quantile

_UP = look.words(_0=("down", RED), _1=("up", GREEN))
_GOOD = look.words(_0=("no", RED), _1=("yes", GREEN))
_BLOCKED = look.words(_0=("open", GREEN), _1=("blocked", RED))


def _rate(counter: str, by: str) -> str:
    return f"sum by ({by}) (rate(sidekick_{counter}[$__rate_interval]))"


def _mean(histogram: str, by: str) -> str:
    return f"{_rate(histogram + '_sum', by)} / {_rate(histogram + '_count', by)}"


def _now(board: Dashboard) -> None:
    board.with_row(Row("Now"))
    board.with_panel(
        number(
            "Controller", "Whether Prometheus reaches it.", 'min(up{job="sidekick"})',
            steps=ALL_IS_GOOD, texts=_UP,
        )
    ).with_panel(
        number(
            "Last good tick", "How long ago a tick last had no error.",
            "time() - max(sidekick_reconcile_last_success_timestamp_seconds)", unit="s",
            steps=((None, GREEN), (60, ORANGE), (300, RED)),
        )
    ).with_panel(
        number(
            "The list", "Whether the newest read was good (else the last good rows stand), and "
            "whether statuses can be written into it.",
            ask_now("min(sidekick_source_valid)", "read"),
            ask_now("min(sidekick_source_writable)", "written"), steps=ALL_IS_GOOD, texts=_GOOD,
        )
    ).with_panel(
        number(
            "Invalid rows", "Rows that are shown with their fault, and start nothing.",
            'sum(sidekick_source_rows{validity="invalid"})', steps=NONE_IS_BETTER,
        )
    ).with_panel(
        number(
            "tmux", "Whether the sessions could be observed in the newest tick.",
            "min(sidekick_runtime_up)", steps=ALL_IS_GOOD, texts=_UP,
        )
    ).with_panel(
        number(
            "Guard against mass stops", "Blocked: many rows vanished at once, and `sidekick "
            "approve-prune` is waited for.",
            "max(sidekick_prune_blocked)", steps=NONE_IS_BETTER, texts=_BLOCKED,
        )
    ).with_panel(
        number(
            "Running for", "Since the controller's start.",
            'time() - max(process_start_time_seconds{job="sidekick"})', unit="s",
        )
    ).with_panel(
        number(
            "Version", "The versions of the controller and of its Python.",
            ask_now("sidekick_build_info", "{{version}}"),
            ask_now('python_info{job="sidekick"}', "{{implementation}} {{version}}"),
            texts=look.words(_1=("", look.GREY)), steps=PLAIN,
        )
    )  # fmt: skip


def _loop(board: Dashboard) -> None:
    board.with_row(Row("The loop"))
    duration = "reconcile_duration_seconds"
    board.with_panel(
        lines(
            "Ticks", "Ticks a second by result.",
            ask(_rate("reconcile_total", "result"), "{{result}}"),
            unit="ops", stacked=True, width=8,
        )
    ).with_panel(
        lines(
            "Errors", "Failures in ticks by the stage that failed.",
            ask(_rate("reconcile_errors_total", "stage"), "{{stage}}"), unit="ops", stacked=True,
            width=8,
        )
    ).with_panel(
        lines(
            "Duration of a tick", "Half of the ticks, nine of ten, and all but one of a hundred "
            "are quicker.",
            *(
                ask(quantile(part, duration), name)
                for part, name in ((0.5, "P50"), (0.9, "P90"), (0.99, "P99"))
            ),
            unit="s", width=8, steps=((None, GREEN), (2.5, ORANGE)),
        )
    ).with_panel(
        heat(
            "How long ticks take", "How many ticks lasted how long.",
            ask_heat(f"sum by (le) (increase(sidekick_{duration}_bucket[$__rate_interval]))"),
        )
    ).with_panel(
        lines(
            "Where a tick's time goes", "Mean duration of a tick's phases.",
            ask(_mean("reconcile_phase_duration_seconds", "phase"), "{{phase}}"), unit="s",
            stacked=True,
        )
    )  # fmt: skip


def _list(board: Dashboard) -> None:
    board.with_row(Row("The list"))
    board.with_panel(
        lines(
            "Age of the list", "Since the last good read, and since the content last changed.",
            ask("time() - sidekick_source_last_success_timestamp_seconds", "last good read"),
            ask("time() - sidekick_source_last_change_timestamp_seconds", "last change"), unit="s",
            width=8,
        )
    ).with_panel(
        lines(
            "Rows", "Rows of the list, valid and not.",
            ask("sum by (validity) (sidekick_source_rows)", "{{validity}}"), stacked=True, width=8,
        )
    ).with_panel(
        lines(
            "Reads", "Reads a second by kind of list and result.",
            ask(f"{_rate('source_reads_total', 'instance, result')} * on (instance) group_left "
                "(kind) sidekick_source_info", "{{kind}}: {{result}}"),
            unit="ops", width=8,
        )
    ).with_panel(
        lines(
            "Duration of a read", "Nine of ten good reads are quicker.",
            ask(quantile(0.9, "source_read_duration_seconds"), "P90"), unit="s",
        )
    ).with_panel(
        lines(
            "Requests to Google", "A second, by the answer's status; a file asks none.",
            ask(_rate("sheets_requests_total", "code"), "{{code}}"), unit="ops", stacked=True,
        )
    )  # fmt: skip


def _hands(board: Dashboard) -> None:
    board.with_row(Row("What it does"))
    board.with_panel(
        lines(
            "Actions", "What was done, a second.",
            ask(_rate("actions_total", "action, result"), "{{action}}: {{result}}"), unit="ops",
            width=8,
        )
    ).with_panel(
        lines(
            "Duration of actions", "Nine of ten are quicker.",
            ask(quantile(0.9, "action_duration_seconds", "action"), "{{action}}"), unit="s",
            width=8,
        )
    ).with_panel(
        lines(
            "Events", "Events by reason, as `sidekick events` tells them.",
            ask("sum by (type, reason) (increase(sidekick_events_total[$__rate_interval])) > 0",
                "{{reason}} ({{type}})"),
            stacked=True, width=8,
        )
    ).with_panel(
        lines(
            "Calls to tmux", "Calls a second by command and result.",
            ask(f"{_rate('runtime_calls_total', 'command, result')} > 0",
                "{{command}}: {{result}}"),
            unit="ops", width=8,
        )
    ).with_panel(
        lines(
            "Duration of calls to tmux", "Nine of ten are quicker.",
            ask(quantile(0.9, "runtime_call_duration_seconds", "command"), "{{command}}"), unit="s",
            width=8,
        )
    ).with_panel(
        lines(
            "Notifications", "Since the controller's start, by what they tell of and what became "
            "of them.",
            ask("sum by (kind, result) (sidekick_notifications_total)", "{{kind}}: {{result}}"),
            width=8,
        )
    )  # fmt: skip


def _process(board: Dashboard) -> None:
    board.with_row(Row("The process"))
    ours = '{job="sidekick"}'
    board.with_panel(
        lines(
            "Processor", "Cores in use.",
            ask(f"rate(process_cpu_seconds_total{ours}[$__rate_interval])", "controller"), width=6,
        )
    ).with_panel(
        lines(
            "Memory", "What it holds, and its address space.",
            ask(f"process_resident_memory_bytes{ours}", "resident"),
            ask(f"process_virtual_memory_bytes{ours}", "virtual"), unit="bytes", width=6,
        )
    ).with_panel(
        lines(
            "Files", "Open files, as a part of what is allowed.",
            ask(f"process_open_fds{ours}", "open"),
            ask(f"process_max_fds{ours}", "allowed"), width=6,
        )
    ).with_panel(
        lines(
            "Garbage", "Runs of Python's garbage collector, what it collected and what it could "
            "not, a second.",
            ask(f"sum(rate(python_gc_collections_total{ours}[$__rate_interval]))", "runs"),
            ask(f"sum(rate(python_gc_objects_collected_total{ours}[$__rate_interval]))",
                "collected"),
            ask(f"sum(rate(python_gc_objects_uncollectable_total{ours}[$__rate_interval]))",
                "not collectable"),
            unit="ops", width=6,
        )
    )  # fmt: skip


def dashboard() -> Dashboard:
    """The controller's own dashboard."""
    board = frame(
        "controller", "CTO Sidekick / Controller",
        "Whether the loop, the list and tmux are well, and what it all takes.", since="now-1h",
        by_agent=False,
    )  # fmt: skip
    _now(board)
    _loop(board)
    _list(board)
    _hands(board)
    _process(board)
    return board
