// The phone of the page "Try it here": JsSIP, its messages shown with every digest masked. What is typed stays here.
'use strict';

(() => {
  const phone = document.getElementById('phone');
  if (!phone) return;
  const part = (id) => document.getElementById(id);
  const { domain } = phone.dataset;
  const MOST_MESSAGES = 60;
  let agent = null;
  let call = null;

  const masked = (message) => message.replace(/\b(response|cnonce)="[^"]*"/gi, '$1="••••••••"');
  const show = (isInward, data) => {
    const text = masked(String(data)).trim();
    if (text === '') return;
    part('none').hidden = true;
    const [line, ...headers] = text.split('\r\n');
    const step = document.createElement('li');
    step.className = isInward ? 'in' : 'out';
    const add = (name, className, content) => {
      const element = document.createElement(name);
      element.className = className;
      element.textContent = content;
      step.append(element);
    };
    add('span', 'who', `${isInward ? 'browser → server' : 'server → browser'}, ${new Date().toLocaleTimeString()}`);
    add('code', 'line', line);
    headers.filter((header) => /^(authorization|proxy-authorization|www-authenticate|proxy-authenticate|call-id|cseq|contact|expires|server|user-agent):/i.test(header))
      .forEach((header) => add('code', 'header', header));
    part('messages').append(step);
    while (part('messages').children.length > MOST_MESSAGES) part('messages').firstElementChild.remove();
  };

  // JsSIP takes the browser's own WebSocket; what passes through it is shown.
  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', (event) => show(false, event.data));
    }

    send(data) {
      show(true, data);
      super.send(data);
    }
  };

  const say = (state, word, sentence) => {
    const badge = document.createElement('span');
    badge.className = `state ${state}`;
    badge.textContent = word;
    part('said').replaceChildren(badge, ` ${sentence}`);
  };
  const enable = (isRegistered) => {
    part('leave').disabled = !isRegistered;
    if (part('call')) part('call').disabled = !isRegistered;
  };
  const stop = () => {
    if (agent) agent.stop();
    agent = null;
    enable(false);
  };

  const register = () => {
    stop();
    const username = part('username').value.trim();
    const password = part('password').value;
    if (username === '' || password === '') {
      say('wait', 'not yet', 'Type username and password first.');
      part(username === '' ? 'username' : 'password').focus();
      return;
    }
    let uri;
    try {
      uri = new JsSIP.URI('sip', username, domain).toString();
      agent = new JsSIP.UA({
        sockets: [new JsSIP.WebSocketInterface(part('server').value)],
        uri,
        authorization_user: username,
        password,
        register_expires: 120,
        user_agent: 'sipwarden console (JsSIP)',
      });
    } catch (error) {
      say('off', 'not sent', error.message);
      return;
    }
    say('wait', 'connecting', `to ${part('server').value}`);
    agent.on('registered', () => {
      say('good', 'online', `${username} is registered from this page.`);
      enable(true);
    });
    agent.on('unregistered', () => {
      say('wait', 'offline', 'Not registered any more.');
      enable(false);
    });
    agent.on('registrationFailed', (event) => {
      const status = event.response ? `${event.response.status_code} ${event.response.reason_phrase}` : event.cause;
      say('off', 'refused', `${status}. Live attempts say why.`);
      enable(false);
      const failed = agent;
      agent = null;
      if (failed) failed.stop();
    });
    agent.on('disconnected', (event) => {
      if (agent && event.error) say('off', 'no connection', `to ${part('server').value}: is it reachable, and its certificate trusted?`);
    });
    agent.start();
  };

  const ring = () => {
    if (call) {
      call.terminate();
      return;
    }
    call = agent.call(`sip:echo@${domain}`, { mediaConstraints: { audio: true, video: false } });
    part('call').textContent = 'Hang up';
    const over = (event) => {
      call = null;
      part('call').textContent = 'Call echo@';
      say('wait', 'call over', `${event.cause || 'ended'}.`);
    };
    call.on('accepted', () => say('good', 'talking', 'What you say comes back.'));
    call.on('ended', over);
    call.on('failed', over);
    const listen = (connection) => connection.addEventListener('track', (event) => {
      part('heard').srcObject = event.streams[0] || new MediaStream([event.track]);
    });
    if (call.connection) listen(call.connection);
    else call.on('peerconnection', (event) => listen(event.peerconnection));
  };

  part('register').addEventListener('click', register);
  part('leave').addEventListener('click', () => agent && agent.unregister({ all: false }));
  if (part('call')) part('call').addEventListener('click', ring);
  ['username', 'password'].forEach((id) => part(id).addEventListener('keydown', (event) => {
    if (event.key === 'Enter') register();
  }));
  addEventListener('pagehide', stop);
  phone.hidden = false;
  part('username').focus();
})();
