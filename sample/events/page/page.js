/** A page that stays open for days keeps the newest. */
const mostShown = 500;

const element = (id) => document.getElementById(id);
const topic = new URLSearchParams(location.search).get('topic') || 'news';
/** Where the topic is streamed from, and published to. */
const address = new URL(encodeURIComponent(topic), location.href);

element('topic').textContent = topic;

/** Whatever was published is text, and nothing else. */
function show(text, kind, date = new Date()) {
  const time = document.createElement('time');
  time.dateTime = date.toISOString();
  time.textContent = date.toLocaleTimeString();
  const shown = document.createElement('span');
  shown.textContent = text;
  const item = document.createElement('li');
  item.className = kind;
  item.append(time, shown);
  const list = element('messages');
  list.append(item);
  while (list.children.length > mostShown) list.firstElementChild.remove();
}

function setState(state, text = state) {
  element('state').dataset.state = state;
  element('state').textContent = text;
}

/** A text as it was written, anything else as JSON. */
function textOf(data) {
  const value = JSON.parse(data);
  if (typeof value === 'string') return value;
  return typeof value?.text === 'string' ? value.text : data;
}

// When the connection breaks, the browser comes back by itself, with the id of the last message in the header Last-Event-ID: what
// it missed in between arrives first.
const stream = new EventSource(address);
stream.addEventListener('open', () => setState('live'));
stream.addEventListener('message', ({ data }) => {
  const now = new Date();
  show(textOf(data), 'message', now);
  element('last').textContent = now.toLocaleString();
});
stream.addEventListener('resync', ({ data }) => {
  const { missed } = JSON.parse(data);
  show(`${missed ?? 'An unknown number of'} messages were missed: they are not held any more.`, 'notice');
});
stream.addEventListener('error', ({ data }) => {
  // One that the server sent, before it ends the stream, has a text.
  if (data !== undefined) show(data, 'notice');
  if (stream.readyState === EventSource.CLOSED) setState('ended', 'ended; load the page again to try again');
  else setState('reconnecting');
});

async function publish() {
  const input = element('text');
  const failure = element('failure');
  failure.textContent = '';
  try {
    const response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: input.value }),
    });
    if (!response.ok) throw new Error(`The server answered ${response.status}.`);
    input.value = '';
  } catch (error) {
    failure.textContent = `Not published. ${error.message}`;
  }
}

element('publish').addEventListener('submit', (event) => {
  event.preventDefault();
  void publish();
});
