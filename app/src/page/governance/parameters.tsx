import { address } from '../../api/ask';
import type { Parameters as View, Version } from '../../api/types';
import { useAnswer } from '../../api/use-answer';
import { utc } from '../../format/time';
import { Answered, Empty } from '../../part/asked';
import { Figure } from '../../part/figure';
import { SourceLink } from '../../part/identity';
import { Section, Table, When } from '../../part/section';
import { readValue, says } from './parameter-words';

/** Parameters in force, next, and every change. */
export function Parameters() {
  const url = address(['parameters']);
  const asked = useAnswer<View>(url, 30_000);
  return (
    <Section title="Parameters" aside={<SourceLink href={url}>Source</SourceLink>}>
      <Answered asked={asked} what="parameters">
        {(data) => {
          const now = data.versions.find((version) => version.version === data.in_force);
          const next = data.versions.find((version) => version.version === data.next);
          return (
            <>
              {now === undefined ? <Empty>No version is in force yet.</Empty> : <Values now={now} next={next} url={url} />}
              <History versions={data.versions} inForce={data.in_force} />
            </>
          );
        }}
      </Answered>
    </Section>
  );
}

function Parameter({ name, value, url }: { name: string; value: unknown; url: string }) {
  return <Figure shown={<span class="number">{readValue(name, value)}</span>} exact={`${name} = ${String(value)}`} copied={String(value)} label={says(name)} source={{ href: url }} />;
}

function Values({ now, next, url }: { now: Version; next: Version | undefined; url: string }) {
  const head = [{ name: 'Parameter' }, { name: `Now: version ${now.version}, ${now.mode}` }, ...(next === undefined ? [] : [{ name: `From epoch ${next.effective_epoch}: version ${next.version}, ${next.mode}` }])];
  return (
    <Table caption="Parameters in force" head={head}>
      {Object.entries(now.values).map(([name, value]) => {
        const after = next?.values[name];
        const changes = next !== undefined && String(after) !== String(value);
        return (
          <tr key={name} class={changes ? 'changed' : ''}>
            <th scope="row">
              <code>{name}</code>
              <small>{says(name)}</small>
            </th>
            <td>
              <Parameter name={name} value={value} url={url} />
            </td>
            {next !== undefined && (
              <td>{changes ? <Parameter name={name} value={after} url={url} /> : <span class="none">the same</span>}</td>
            )}
          </tr>
        );
      })}
    </Table>
  );
}

function History({ versions, inForce }: { versions: Version[]; inForce: number | null }) {
  return (
    <>
      <h3>Versions</h3>
      <Table caption="Versions of the parameters, newest first" head={[{ name: 'Version' }, { name: 'Mode' }, { name: 'From epoch' }, { name: 'Made' }, { name: 'Changes' }]}>
        {[...versions].reverse().map((version) => (
          <tr key={version.version}>
            <th scope="row">
              {version.version}
              {version.version === inForce && <small>in force</small>}
            </th>
            <td>{version.mode}</td>
            <td class="number">{version.effective_epoch}</td>
            <td>
              <When unix={version.created_at} text={utc} />
            </td>
            <td class="wide">
              {Object.keys(version.changes).length === 0 ? (
                <span class="none">{version.version === 1 ? 'the first one' : 'none'}</span>
              ) : (
                <ul class="changes">
                  {Object.entries(version.changes).map(([name, change]) => (
                    <li key={name}>
                      <code>{name}</code>: {readValue(name, change.before)} → <strong>{readValue(name, change.after)}</strong>
                    </li>
                  ))}
                </ul>
              )}
            </td>
          </tr>
        ))}
      </Table>
    </>
  );
}
