// What a JsSIP phone in a browser does of calls: places them, answers whoever calls, and says once a second how loud what
// it hears is: 0 to 1, from the energy that the browser measures of what it plays.
'use strict';

// The browser's tone is to arrive as it is.
const MEDIA = { audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false }, video: false };
const OPTIONS = { mediaConstraints: MEDIA, pcConfig: { iceServers: [] } };

exports.attach = (phone, say) => {
  let current;
  phone.on('newRTCSession', ({ originator, session }) => {
    current = session;
    session.on('confirmed', () => say({ event: 'confirmed' }));
    session.on('failed', ({ cause, message }) => say({ event: 'call failed', cause, status: message?.status_code }));
    session.on('ended', () => say({ event: 'call ended' }));
    const play = (connection) => {
      connection.addEventListener('track', ({ streams, track }) => {
        const player = new Audio();
        player.srcObject = streams[0] || new MediaStream([track]);
        player.play();
        listen(connection, session, say);
      });
    };
    if (originator === 'remote') {
      session.on('peerconnection', ({ peerconnection }) => play(peerconnection));
      session.answer(OPTIONS);
    } else {
      play(session.connection);
    }
  });
  return {
    call: (target) => {
      phone.call(target, OPTIONS);
    },
    hangUp: () => current.terminate(),
  };
};

function listen(connection, session, say) {
  let before = { energy: 0, seconds: 0 };
  const timer = setInterval(async () => {
    if (session.isEnded()) return clearInterval(timer);
    const reports = [...(await connection.getStats()).values()];
    const heard = reports.find((report) => report.type === 'inbound-rtp' && report.kind === 'audio');
    if (!heard) return;
    const { totalAudioEnergy: energy, totalSamplesDuration: seconds, packetsReceived: packets } = heard;
    const level = Math.sqrt((energy - before.energy) / Math.max(seconds - before.seconds, 0.001));
    before = { energy, seconds };
    say({ event: level > 0.03 ? 'hears' : 'silence', level, packets });
  }, 1000);
}
