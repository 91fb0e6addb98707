// Time, calendar, weather, the pace of time, and whether we are connected.
import { useState } from 'preact/hooks';
import { advanceTo, rename, setScale, showWorld } from '../actions';
import { hourOf } from '../clock';
import { lightAt } from '../stage/palette';
import { clock, connection, me, minute, names, serverVersion, time, weather, world, worlds } from '../store';
import { capital, weatherText } from '../text';
import { Icon } from './icons';

const kScales: { scale: number; label: string; title: string }[] = [
  { scale: 1, label: '1×', title: 'As fast as your own time' },
  { scale: 60, label: '60×', title: 'A minute for each second: a day takes 24 minutes' },
  { scale: 600, label: '600×', title: 'Ten minutes for each second' },
  { scale: 3600, label: '3600×', title: 'An hour for each second' },
];

export function TopBar() {
  return (
    <header class="topbar">
      <div class="brand"><Lantern /><div><h1>{world.value?.title || 'Troupe'}</h1>{worlds.value.length > 1 ? <Worlds /> : <span>a Troupe world</span>}</div></div>
      <Clock />
      <Skies />
      <Pace />
      <Who />
    </header>
  );
}

const Worlds = () => (
  <select class="worlds" aria-label="World" value={world.value?.name ?? ''} onChange={(e) => showWorld(e.currentTarget.value)}>
    {worlds.value.map((name) => <option key={name} value={name}>{name}</option>)}
  </select>
);

const Lantern = () => (
  <svg class="lantern" viewBox="0 0 32 32" aria-hidden="true">
    <path d="M12 7h8M16 4v3M11 11h10l1.500 12h-13zM9 27h14" /><path class="flame" d="M16 13c2.600 3 2.600 5.400 0 7.500c-2.600-2.100-2.600-4.500 0-7.500z" />
  </svg>
);

function Clock() {
  const t = time.value;
  if (!t) return <div class="clock" />;
  return (
    <div class="clock">
      <DayDial />
      <div>
        <time class="hour" aria-label={`The time is ${clock.value}`}>{clock.value}</time>
        <span class="phase">{t.paused ? 'paused' : t.phase}</span>
        <p class="date">
          {t.weekday}, {t.day_of_month} {t.month}
          <span class="quiet"> · {t.season}, year {String(t.year)} · day {String(t.day)}</span>
        </p>
        {t.festival && <p class="festival"><Icon name="feast" /> {names.thing(t.festival)}</p>}
      </div>
    </div>
  );
}

// The sun's way over the horizon by day, the moon's by night.
function DayDial() {
  const hour = hourOf(minute.value * 60_000);
  const sun = hour >= 5 && hour < 20;
  const t = sun ? (hour - 5) / 15 : ((hour + 4) % 24) / 9;
  const x = 32 - Math.cos(t * Math.PI) * 24;
  const y = 31 - Math.sin(t * Math.PI) * 23;
  return (
    <svg class={`dial ${sun ? 'by-day' : 'by-night'}`} viewBox="0 0 64 40" aria-hidden="true">
      <path class="arc" d="M8 31A24 23 0 0156 31" />
      <path class="horizon" d="M2 31H62" />
      {sun ? <g transform={`translate(${x} ${y})`} opacity={0.55 + 0.45 * lightAt(hour)}>
          <circle class="sun" r="5.500" /><path class="rays" d="M0 -8.500V-7M0 8.500V7M8.500 0H7M-8.500 0H-7M6 -6L5 -5M-6 6L-5 5M6 6L5 5M-6 -6L-5 -5" />
        </g>
        : <path class="moon" transform={`translate(${x} ${y})`} d="M2.500 -5.500A6 6 0 105.500 2.500A5 5 0 012.500 -5.500Z" />}
      <path class="wave" d="M8 36q3 -2 6 0t6 0t6 0t6 0t6 0t6 0t6 0t6 0" />
    </svg>
  );
}

function Skies() {
  const night = hourOf(minute.value * 60_000) < 5 || hourOf(minute.value * 60_000) >= 20;
  return (
    <ul class="skies" aria-label="Weather">
      {[...weather.value.values()].slice(0, 4).map((w) => (
        <li key={w.region} title={`${capital(names.region(w.region))}: ${weatherText(w.state)}, humidity ${Math.round(w.humidity * 100)} %`}>
          <Icon name={w.state === 'clear' && night ? 'moon' : w.state} />
          <div>
            <strong>{Math.round(w.temperature_c)}°</strong> {capital(weatherText(w.state))}
            <p class="quiet">{capital(w.region.replace(/_/g, ' '))} · {Math.round(w.wind_kmh)} km/h</p>
          </div>
        </li>
      ))}
    </ul>
  );
}

function Pace() {
  const t = time.value;
  const scale = t && !t.paused ? t.scale : 0;
  return (
    <div class="pace">
      <div class="segments" role="group" aria-label="The pace of time">
        <button type="button" aria-pressed={scale === 0} aria-label={scale === 0 ? 'Time stands still. Let it run' : 'Pause'} title={scale === 0 ? 'Let time run' : 'Pause'}
          onClick={() => void setScale(scale === 0 ? t?.scale || 60 : 0)}>
          <Icon name={scale === 0 ? 'play' : 'pause'} />
        </button>
        {kScales.map((s) => (
          <button key={s.scale} type="button" aria-pressed={scale === s.scale} title={s.title} onClick={() => void setScale(s.scale)}>{s.label}</button>
        ))}
      </div>
      <div class="jumps" role="group" aria-label="Set the clock forward to">
        {[['06:00', 'dawn'], ['12:00', 'noon'], ['18:30', 'dusk'], ['22:00', 'night']].map(([at, label]) => (
          <button key={at} type="button" title={`Set the clock forward to ${at}`} onClick={() => void advanceTo(at!)}>{label}</button>
        ))}
      </div>
    </div>
  );
}

function Who() {
  const [editing, setEditing] = useState(false);
  const link = connection.value;
  const state = link.state !== 'lost' ? link.state : link.polling ? 'slow' : 'lost';
  const text = { live: 'live', connecting: 'connecting', slow: 'by polling', lost: 'offline' }[state];
  return (
    <div class="who">
      <p class={`link ${state}`} role="status" title={serverVersion.value ? `Server ${serverVersion.value}` : ''}><i />{text}</p>
      {editing ? (
        <form onSubmit={(e) => { e.preventDefault(); rename(new FormData(e.currentTarget).get('name') as string); setEditing(false); }}>
          <input name="name" aria-label="Your name" defaultValue={me.value.name} maxLength={32} ref={(n) => n?.focus()} onBlur={() => setEditing(false)}
            onKeyDown={(e) => { if (e.key === 'Escape') setEditing(false); }} />
        </form>
      ) : (
        <button type="button" class="me-name" title="Change your name" onClick={() => setEditing(true)}><Icon name="person" />{me.value.name}</button>
      )}
    </div>
  );
}
