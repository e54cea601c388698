"""The connection from JupyterLab to a kernel, which sends each message at once."""

# mypy: allow-subclassing-any, allow-untyped-calls
from __future__ import annotations

from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class PromptConnection(ZMQChannelsWebsocketConnection):
    """The usual connection without Nagle's algorithm, which keeps a small message back until the last one is acknowledged.

    A slider sends small messages, and a browser acknowledges one up to 40 ms later: without this each step of a slider waits.
    """

    def connect(self) -> Any:
        """Connect, and send from now on without delay."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()
