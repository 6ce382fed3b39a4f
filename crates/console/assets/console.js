// What the console's pages do in a browser beyond links and forms. Everything works without it, later.
'use strict';

(() => {
  const MOST_ROWS = 200;
  const every = (selector, act, within = document) => within.querySelectorAll(selector).forEach(act);

  // Times, in the zone of whoever looks.
  const today = () => new Date().toDateString();
  const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
  const long = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });
  const showTimes = (within) => every('time[datetime]', (element) => {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.valueOf())) return;
    element.textContent = at.toDateString() === today() ? clock.format(at) : full.format(at);
    element.title = long.format(at);
  }, within);

  // Copying, and showing what is typed.
  const showButtons = (within) => {
    every('[data-copy], [data-reveal], [data-scripted]', (part) => { part.hidden = false; }, within);
  };
  const copied = (button, done) => {
    const before = button.textContent;
    button.textContent = done ? 'Copied' : 'Press Ctrl+C';
    setTimeout(() => { button.textContent = before; }, 2000);
  };
  const select = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  };
  document.addEventListener('click', async (event) => {
    const button = event.target.closest('[data-copy], [data-reveal]');
    if (!button) return;
    if (button.dataset.reveal) {
      const input = document.getElementById(button.dataset.reveal);
      input.type = input.type === 'password' ? 'text' : 'password';
      button.textContent = input.type === 'password' ? 'Show' : 'Hide';
      return;
    }
    const source = document.getElementById(button.dataset.copy);
    select(source);
    try {
      await navigator.clipboard.writeText(source.textContent);
      copied(button, true);
    } catch {
      // Without HTTPS browsers offer no clipboard; the older way still works in most.
      copied(button, document.execCommand('copy'));
    }
  });

  // A file's lines, put where they can be looked at before they are sent.
  document.addEventListener('change', async (event) => {
    const input = event.target.closest('[data-fills]');
    if (input && input.files.length > 0) document.getElementById(input.dataset.fills).value = await input.files[0].text();
  });

  // The plot of the overview: a column for each stretch of time, drawn anew as attempts come.
  const OUTCOMES = ['ok', 'unanswered', 'refused'];
  const SVG = 'http://www.w3.org/2000/svg';
  const plotOf = (figure) => {
    const seconds = Number(figure.dataset.seconds);
    const columns = figure.dataset.plot.split(';').map((column) => column.split(',').map(Number));
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('preserveAspectRatio', 'none');
    svg.setAttribute('viewBox', `0 0 ${columns.length} 100`);
    svg.setAttribute('role', 'img');
    figure.append(svg);
    const scale = document.createElement('div');
    scale.className = 'scale';
    figure.append(scale);
    const shape = (name, attributes) => {
      const element = document.createElementNS(SVG, name);
      Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
      svg.append(element);
    };
    const draw = () => {
      const sums = columns.map((counts) => counts.reduce((sum, count) => sum + count, 0));
      const most = Math.max(4, ...sums);
      svg.replaceChildren();
      columns.forEach((counts, x) => {
        let y = 100;
        counts.forEach((count, which) => {
          const height = (count / most) * 96;
          y -= height;
          if (count > 0) shape('rect', { x: x + 0.1, y, width: 0.8, height, class: OUTCOMES[which] });
        });
      });
      shape('line', { x1: 0, x2: columns.length, y1: 99.5, y2: 99.5, class: 'axis' });
      const totals = OUTCOMES.map((_, which) => columns.reduce((sum, counts) => sum + counts[which], 0));
      OUTCOMES.forEach((outcome, which) => {
        figure.querySelector(`[data-total=${outcome}]`).textContent = totals[which];
      });
      const busiest = (Math.max(...sums) / seconds).toFixed(1);
      svg.setAttribute('aria-label', `Attempts in ten minutes: ${totals[0]} let in, ${totals[1]} without an answer, ${totals[2]} refused; ${busiest} a second at most`);
      scale.textContent = '';
      ['10 minutes ago', `at most ${busiest} a second`, 'now'].forEach((text) => {
        const label = document.createElement('span');
        label.textContent = text;
        scale.append(label);
      });
    };
    setInterval(() => {
      columns.shift();
      columns.push([0, 0, 0]);
      draw();
    }, seconds * 1000);
    draw();
    return { add: (outcome, attempts) => {
      columns[columns.length - 1][OUTCOMES.indexOf(outcome)] += attempts;
      draw();
    } };
  };

  // Attempts as they come.
  const follow = (list) => {
    const most = Number(list.dataset.most || MOST_ROWS);
    const state = document.querySelector('[data-live-state]');
    const pause = document.querySelector('[data-pause]');
    const plots = [...document.querySelectorAll('[data-plot]')].map(plotOf);
    let waiting = [];
    let dropped = 0;
    let isPaused = false;
    let refreshedAt = 0;
    let pending = 0;
    const soonest = Math.min(2000, ...[...document.querySelectorAll('[data-refresh]')].map((part) => Number(part.dataset.refresh)));
    const say = (text, kind = '') => {
      if (!state) return;
      state.hidden = false;
      state.className = `live ${kind}`;
      state.textContent = text;
    };
    // At once, and then no sooner than the part says: each asks the server.
    const refresh = () => {
      if (pending) return;
      pending = setTimeout(() => {
        pending = 0;
        refreshedAt = Date.now();
        every('[data-refresh]', (part) => window.htmx.trigger(part, 'refresh'));
      }, Math.max(100, refreshedAt + soonest - Date.now()));
    };
    const put = (html) => {
      const template = document.createElement('template');
      // Made by the server, which escapes what phones say.
      template.innerHTML = html;
      const row = template.content.firstElementChild;
      const id = row.querySelector('details').dataset.id;
      every('details', (known) => { if (known.dataset.id === id) known.parentElement.remove(); }, list);
      row.classList.add('new');
      showTimes(row);
      list.prepend(row);
      while (list.children.length > most) list.lastElementChild.remove();
      every('[data-until-first]', (element) => element.remove());
    };
    const note = (text) => {
      const row = document.createElement('li');
      row.className = 'missed';
      row.textContent = text;
      list.prepend(row);
    };
    const stream = new EventSource(list.dataset.live);
    stream.onopen = () => say(isPaused ? 'Paused' : 'Live', isPaused ? 'paused' : '');
    stream.onerror = () => {
      say(stream.readyState === EventSource.CLOSED ? 'Ended: reload the page' : 'Connecting again', 'away');
    };
    stream.addEventListener('attempt', (event) => {
      const told = JSON.parse(event.data);
      plots.forEach((plot) => plot.add(told.outcome, told.attempts));
      refresh();
      if (!isPaused) {
        put(told.html);
        return;
      }
      waiting.push(told.html);
      if (waiting.length > most) {
        waiting.shift();
        dropped += 1;
      }
      say(`Paused, ${waiting.length}${dropped > 0 ? ' newest' : ''} waiting`, 'paused');
    });
    stream.addEventListener('missed', (event) => {
      note(`${event.data} came faster than they could be shown; reload for the newest, or filter.`);
    });
    if (pause) {
      pause.hidden = false;
      pause.addEventListener('click', () => {
        isPaused = !isPaused;
        pause.textContent = isPaused ? 'Go on' : 'Pause';
        pause.setAttribute('aria-pressed', String(isPaused));
        if (!isPaused) {
          waiting.forEach(put);
          if (dropped > 0) note(`${dropped} more came while it was paused; reload to see them.`);
          waiting = [];
          dropped = 0;
        }
        say(isPaused ? 'Paused' : 'Live', isPaused ? 'paused' : '');
      });
    }
    addEventListener('pagehide', () => stream.close());
  };

  const begin = () => {
    showTimes(document);
    showButtons(document);
    // On a narrow screen the sections are a row that scrolls.
    const here = document.querySelector('.places [aria-current]');
    if (here) here.closest('nav').scrollLeft = here.offsetLeft - 40;
    every('[data-live]', follow);
    // A notice is said once: reloading the page does not say it again.
    const address = new URL(location.href);
    if (address.searchParams.has('done') || address.searchParams.has('signed-out')) {
      address.searchParams.delete('done');
      address.searchParams.delete('signed-out');
      history.replaceState(null, '', address);
    }
  };
  document.addEventListener('htmx:load', (event) => {
    showTimes(event.target);
    showButtons(event.target);
  });
  begin();
})();
