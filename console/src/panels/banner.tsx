// Trouble, in one line, and what can be done about it.
import { useEffect, useState } from 'preact/hooks';
import { reconnect, signIn } from '../actions';
import { connection, dismiss, failure, notices } from '../store';
import { Icon } from './icons';

export function Banner() {
  const link = connection.value;
  const [, tick] = useState(0);
  useEffect(() => {
    if (link.state !== 'lost') return;
    const timer = setInterval(() => tick((n) => n + 1), 500);
    return () => clearInterval(timer);
  }, [link.state]);
  if (failure.value || link.state !== 'lost') return null;
  const seconds = Math.max(0, Math.ceil((link.retryAt - performance.now()) / 1000));
  return (
    <div class={`banner ${link.polling ? 'mild' : ''}`} role="status">
      <i /><span>{link.polling ? 'No live connection: this page asks every few seconds instead.' : 'The server is out of reach. What you see is the last that was known.'}
        {link.why && <span class="quiet"> {link.why}</span>}</span>
      <button type="button" onClick={reconnect}>Try now{seconds > 0 && <span aria-hidden="true"> ({seconds})</span>}</button>
    </div>
  );
}

export function Notices() {
  return (
    <div class="notices" role="alert">
      {notices.value.map((n) => (
        <p key={n.id}>{n.text}<button type="button" class="plain" aria-label="Dismiss" onClick={() => dismiss(n.id)}><Icon name="close" /></button></p>
      ))}
    </div>
  );
}

// Instead of the stage, as long as the world could not be read at all.
export function Failure() {
  const e = failure.value!;
  const token = e.status === 401 || (e.status === 403 && e.reason.startsWith('auth.'));
  return (
    <main class="failure">
      <h1>{token ? 'Who are you?' : 'The world is not there yet'}</h1>
      <p>{e.message}</p>
      {token ? (
        <form onSubmit={(f) => { f.preventDefault(); signIn(new FormData(f.currentTarget).get('token') as string); }}>
          <label>Access token <input type="password" name="token" autoComplete="off" required /></label>
          <button type="submit">Enter</button>
        </form>
      ) : (
        <p><button type="button" onClick={reconnect}>Try again</button> <span class="quiet">This page keeps trying by itself.</span></p>
      )}
    </main>
  );
}
