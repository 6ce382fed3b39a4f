// A WebSocket that tells of every message it carries, for node and for browsers.
'use strict';

exports.traced = (Socket, say) =>
  class extends Socket {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', (event) => say({ received: String(event.data) }));
    }

    send(message) {
      say({ sent: String(message) });
      super.send(message);
    }
  };
