// A phone on JsSIP, in node or in a browser: whoever runs it provides WebSocket.
'use strict';

const JsSIP = require('jssip');

exports.start = (settings, say) => {
  const phone = new JsSIP.UA({
    sockets: [new JsSIP.WebSocketInterface(settings.url)],
    uri: settings.uri,
    authorization_user: settings.username,
    password: settings.password,
    register_expires: settings.expires,
    connection_recovery_min_interval: 1,
    connection_recovery_max_interval: 2,
  });
  phone.on('registered', () => say({ event: 'registered' }));
  phone.on('unregistered', () => say({ event: 'unregistered' }));
  phone.on('registrationFailed', ({ cause }) => say({ event: 'failed', cause }));
  phone.on('disconnected', () => say({ event: 'disconnected' }));
  // Only browsers have media.
  const calls = typeof RTCPeerConnection === 'undefined' ? {} : require('./jssip_calls.cjs').attach(phone, say);
  phone.start();
  return {
    ...calls,
    register: () => phone.register(),
    quit: () =>
      new Promise((done) => {
        phone.on('unregistered', done);
        if (phone.isRegistered()) phone.unregister();
        else done();
      }).then(() => phone.stop()),
  };
};
