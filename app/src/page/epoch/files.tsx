import { address } from '../../api/ask';
import type { File } from '../../api/types';
import { useList } from '../../api/use-answer';
import { ListEnd } from '../../part/asked';
import { Bytes } from '../../part/figure';
import { Hash, SourceLink } from '../../part/identity';
import { Section, Table } from '../../part/section';

/** The artefact: every file of the sealed epoch, for whoever wants to recompute it. */
export function Files({ epoch }: { epoch: string }) {
  const url = address(['epochs', epoch, 'files'], { limit: 100 });
  const list = useList<File>(url);
  return (
    <Section title="Artefacts" aside={<SourceLink href={url}>Source</SourceLink>}>
      {list.items.length > 0 && (
        <Table caption={`Files of epoch ${epoch}`} head={[{ name: 'File' }, { name: 'Length', number: true }, { name: 'SHA-256' }]}>
          {list.items.map((file) => (
            <tr key={file.name}>
              <th scope="row">
                <a href={file.href} download={`epoch-${epoch}-${file.name.replaceAll('/', '-')}`}>
                  {file.name}
                </a>
              </th>
              <td class="right">
                <Bytes value={file.length} label={`Length of ${file.name}`} source={{ href: url }} />
              </td>
              <td>
                <Hash value={file.sha256} what={`SHA-256 of ${file.name}`} length={24} />
              </td>
            </tr>
          ))}
        </Table>
      )}
      <ListEnd list={list} what="files" none="There are no files." />
      <p class="sources">
        With these, <code>settler verify</code> or <a href="#/verify">the page Verify</a> recomputes the epoch.
      </p>
    </Section>
  );
}
