// A phone on SIP.js, in node.
'use strict';

const { pathToFileURL } = require('node:url');

exports.start = async (settings, say) => {
  const { Registerer, RegistererState, UserAgent } = await import(pathToFileURL(require.resolve('sip.js')));
  const phone = new UserAgent({
    uri: UserAgent.makeURI(settings.uri),
    authorizationUsername: settings.username,
    authorizationPassword: settings.password,
    transportOptions: { server: settings.url },
    logLevel: 'error',
  });
  const registerer = new Registerer(phone, { expires: settings.expires });
  const refused = (response) => say({ event: 'failed', cause: response.message.statusCode });
  const register = () => registerer.register({ requestDelegate: { onReject: refused } });
  registerer.stateChange.addListener((state) => {
    if (state === RegistererState.Registered) say({ event: 'registered' });
    if (state === RegistererState.Unregistered) say({ event: 'unregistered' });
  });
  // The library leaves it to its user to connect again.
  let quitting = false;
  const again = () => {
    if (quitting) return;
    phone.reconnect().then(register, () => setTimeout(again, 500));
  };
  phone.delegate = {
    onDisconnect: (error) => {
      say({ event: 'disconnected' });
      if (error) again();
    },
  };
  await phone.start();
  await register();
  return {
    register,
    quit: async () => {
      quitting = true;
      if (registerer.state === RegistererState.Registered) {
        const gone = new Promise((done) => {
          registerer.stateChange.addListener((state) => state === RegistererState.Unregistered && done());
        });
        await registerer.unregister();
        await gone;
      }
      await phone.stop();
    },
  };
};
