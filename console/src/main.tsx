import { render } from 'preact';
import { start } from './actions';
import { Banner, Failure, Notices } from './panels/banner';
import { Feed } from './panels/feed';
import { People } from './panels/people';
import { Person } from './panels/person';
import { TopBar } from './panels/topbar';
import { Why } from './panels/why';
import { Stage } from './stage/stage';
import { failure, people, selected, world } from './store';
import './styles/page.css';
import './styles/stage.css';
import './styles/panels.css';

function App() {
  if (failure.value && !world.value) return <Failure />;
  const open = people.value.has(selected.value);
  return (
    <div class={`page ${open ? 'with-person' : ''} ${world.value ? 'ready' : 'waiting'}`}>
      <TopBar />
      <Banner />
      <main>
        <div class="theatre"><Stage /><Why /></div>
        <aside class="side" aria-label={open ? 'One person' : 'Everybody'}>{open ? <Person /> : <People />}</aside>
        <Feed />
      </main>
      <Notices />
    </div>
  );
}

render(<App />, document.getElementById('app')!);
start();
