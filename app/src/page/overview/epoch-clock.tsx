// The epoch clock: by the chain's clock, carried on by the page's between two answers.

import { useDeployment } from '../../api/context';
import { address } from '../../api/ask';
import { countdown, duration, utc } from '../../format/time';
import { Answered } from '../../part/asked';
import { SourceLink } from '../../part/identity';
import { Fact, Facts, Section, When } from '../../part/section';
import { useNow } from '../../part/use-now';
import { to } from '../../route';

export function EpochClock() {
  const asked = useDeployment();
  const now = useNow();
  return (
    <Section title="Epoch clock" class="clock">
      <Answered asked={asked} what="the deployment" polled>
        {(deployment, answer) => {
          const chainNow = answer.as_of.unix_timestamp + Math.max(0, now - (asked.receivedMs ?? now)) / 1000;
          const ends = deployment.running_epoch_ends_unix;
          if (deployment.running_epoch === null || ends === null) {
            return <p class="empty">The calendar begins at {utc(deployment.genesis_unix)}.</p>;
          }
          const rest = ends - chainNow;
          const done = Math.min(1, Math.max(0, 1 - rest / deployment.epoch_seconds));
          return (
            <>
              <div class="dial">
                <svg viewBox="0 0 120 120" aria-hidden="true">
                  <circle cx="60" cy="60" r="52" class="dial-track" />
                  <circle cx="60" cy="60" r="52" class="dial-done" pathLength={100} stroke-dasharray={`${done * 100} 100`} />
                </svg>
                <div class="dial-text">
                  <span class="dial-epoch">epoch {deployment.running_epoch}</span>
                  <span class="dial-rest" role="timer" aria-label="Time until the epoch ends">
                    {rest > 0 ? countdown(rest) : 'ended'}
                  </span>
                </div>
              </div>
              <Facts>
                <Fact name="Ends">
                  <When unix={ends} text={utc} />
                </Fact>
                <Fact name="May be posted from">
                  <When unix={ends + deployment.grace_seconds} text={utc} />
                </Fact>
                <Fact name="Length">{duration(deployment.epoch_seconds)}</Fact>
                <Fact name="Last posted">
                  {deployment.head === null ? 'none' : <a href={to.epoch(deployment.head.epoch)}>epoch {deployment.head.epoch}</a>}
                </Fact>
                <Fact name="Parameters">{deployment.live ? 'Live' : 'Demo'}</Fact>
                <Fact name="Chain">{deployment.paused ? 'paused' : 'running'}</Fact>
              </Facts>
              <p class="sources">
                <SourceLink href={address(['deployment'])}>Source</SourceLink>, as of slot {answer.as_of.slot}
              </p>
            </>
          );
        }}
      </Answered>
    </Section>
  );
}
