/**
 * Common English words, those of instructions to models among them: how a decoder sees that it found language.
 * Counted in our own training texts, most frequent first.
 */
export const vocabulary: ReadonlySet<string> = new Set(
  `
the you to and your all in of that this for as with are now is me what example instructions an it on
from any do password previous not user ai answer above rules about new system can if ignore without no
prompt will must then be everything by say tell write my instead every has give only first how have stop
or text assistant at please were model task message before https response so need question important
character who attention secret just respond hello never like word follow act restrictions code earlier
following here developer set anything after but content told initial start should show safety list been
would output its words free drop access print language which when forget override given into one
guidelines provide return conversation always each evil policies ok read request messages original also
change mode chatgpt kindly raw actually they use add include those create context send warnings
something information answers prompts key was matters pretend disregard whatever responses may role make
programming says am let note hey stay cancel prior does training instruction away openai end letter
preceding want cannot questions up next other last them world most two email more throw line log called
constraints repeat commands there remember generate explain pay erase discard ethics bypass hidden
translate review human file answering policy abandon aside reveal nullify dollars agent reply
administrator continue even illegal orders directions time former go these bad out imagine overwrite
data why their filters skip directives completely tool know using being way tasks ethical off paste
break play delete chat find unfiltered book post poem down unethical nothing recommend limits yourself
sentence open else we put call order keys support secure long etc game came link name where forward
audit api best matter he invite done used grant share because required image could transfer backup
collector ask understand archive format chatbot bit mail stands including refund some none style http
png moral step see console cdn outbox full uncensored contents describe story take through simulate
speak wants asked sure unrestricted normal state very lines lock block command hi than private channel
filter between sorry characters letters refuse back detailed summarise complete help immoral reading
talk get environment such things while phrase over opinion disclaimers his creators files document well
account people address until refuses fake database dump whose care joke safe products once schema team
based harmful malware person query government allowed try news insert configured passwd dear requests
input named second ever unlock neighbour enabled customer doctors rate zero variables checks politicians
cookies humans going cars main internal advice llm cats workspace completed english apply essay steps
pirate disable parameter football event match result page legality subject expensive function dangerous
confirm refusal steals attached electric scam logging tokens morality keep yes grandmother similar
knowledge personality praising pick able bot approve master neutrality visit women remind run dan red
classify climate gpt both contain saying own disabled real capitalism security automated work mention
refusals display immigration vaccines correct actions begin rule drivers exactly systems life enter boss
harm number look present moon accounts candidate had against different amoral switch everyone umbrella
greens type testing finish apologize confidential late session authorized possible otherwise good broke
landing shut debugging made behavior service doing fall think check turn happens explicit many costs
exercise details fictional memory com specific gives granted provided spell opinions produce ends admin
giving settings search int string anyone however him asleep offensive laws current got project execute
same comply avoid provides markdown ignores god writing level film handling kind might consequences
regardless pull morals internet maintenance form twice administrators swear sandbox general point below
earth uses emotions legal models distract accurate limitations users right spanish points replies our
urgent calendar finished true others history beginning asks making written said goal under lifted
ability update home unique inhumane ensure length future love better speaking friendly means ticket
opposite zebra activate part slack did created inappropriate understood test pineapple non append
processing public topics loves followed roleplay assist wrong mark known feel again version detail tone
nature persona python size factor inbox card fee personal normally extremely repository rebel thing
notes space stored salaries xlsx street operator resolved reads typical final another short abide
creating delivery added during json hypothetical much date fuck hold fetch unread originals left itself
someone happened carry vendor class fully purpose comes inform url her asking todo starting object
ethicality tag outputs processes needs intelligent sesame div house unless programmed potential promotes
principles action door backwards exist dialogue three humanity includes additional helpful experience
process law store rejected alerts day providing depends instructed topic too warn ways expert flight
within shares weekend omega stories censor mind due certain activities feelings advanced prefers buy
hotel restaurant arguments silently still changed consider control longer ready power least censorship
freedom commentary respect priority self aim allow sexual direct highly trying she extreme constantly
upcoming unsubscribe whichever record intelligence social follows description reader hint appropriate
profanity font creative span owner nolimit unbound bound since manner speech disclaimer times
machiavelli prefix confines max emoji encode weather ancient reckless exfiltrate pointing tools sys
freely acting replace disgusting boundaries default friend filtering today become reason strive
reservations false hate starts features makes place simple exact guide except char dont sydney actual
situation city github returns value org error properties method parameters net numbers script option
integer dict useful status array id javascript docs amount js calculate const takes gateway java title
score factorial us events country sum area static implement year import issues found info table options
shell rewrite available void specified york path directory math engine names debug issue token values
www location server endl price child group program top rank case international retrieve total node
recent airlines design echo technology reference connection thanks around travel count configuration
custom application destination movie optional bin body march high natural society snippet running
positive united documentation years async economy per io instance valid latest num convert origin
multiple alien via cache whether client less avenue single working view port airport args bash looking
tests renowned items pass methods provider plan south negative north unknown calculates applied println
car results across remove rent param contains save great fix historian release west changes credit third
wait integers currently app usage namespace science install build logged impact null reverse property en
east american boolean env music various argument empty common average culture base range built product
age community enum field discovered choose park elements formal highest types room kubernetes five
package learn html states apple section split unit report local element days allows furnished sdk
historical functions planet bug passengers ignoring old moved web distance sql logs rows drive approach
performance company upon come young development meeting works supported miss reset apartments cost brown
route importance index join containing large compare journey defaults related network core target
setting retrying appears shorten click pm library dog involved temperature close budget source stream
energy school robot extract prints station thoughts series building automatically finally started road
timeout config skipped strings csv expired directly often significant understanding php float suggest
business contact algorithm expect small family terms problem minutes fi fare limit develop header
challenges examples astronaut draft sort react popular office existing portal cases objects double
already map banana browser standard fiction fields services returned fibonacci children several bank
bring plugin headers resource traceback trip quick student either traffic dr select calls light sample
supports deep month species inside manager errors require magical water few major module structure
getting pattern leaves orange balance together famous period summary figure global concept accepts
passage food places modern mars century generated summarize analysis dates ending reversed planning
green validation recipe lake center sentences production significance genre song filename vector phone
resources venue availability tree calculations appointment friday feature authentication term runtime
track stock perform later providers ca de ltd london face article paris handler understands printed
driver located images height tickets mission maximum having tips passed notice needed identify living
bullet alpha endpoint variable syntax color parent press square selected delta professional launch led
market plant tweet basic art movies missing sent load live growth transport associated documents seconds
requires position host financial sound sequence determine four azure blob regular visiting recently
everyday site vs aws envoy interested job conditions white french fixed maintain six interview
specializing focus watch row callback signal interest additionally brief past air player rating war
packages daily matching chart router fantasy receives necessary complex rest prefer resolve played
investment express width setup king metadata offer machine futuristic powerful practitioner along thank
catch interface listen analyze signed lost staff hand boulevard enable learning vowels experienced week
force applications individual scientist expected night accept fewer plugins proxy credentials improve
item really apartment triggers defines logger benefits reminder removed terminal wolfram lead california
handle islands sons arrive readme head thought communication stack category health particular successful
political explore routing minimum party bill prevent nodejs reservation ensuring management displays
define dev implementation promise quiz further clear quality taking contract rome research native column
fox population speed recommended special blue schemas typescript compiler pressure behind schedule far
expression companies sorted external fine subtitles google invoice cricket darker black seat frame
redacted computer connect strong designed cc learns early condense directed yet patterns root passing
welcome storage defined yaml playing haiku condition generation won solve april entry finds subjects
strength equivalent sense standing among online browse counts medieval low prime author plain wise
fellow museum kingdom npm umpire increase annual lower man reveals revealing overriding forgetting
disregarding secrets passwords passphrase credential confidentially translator interpreter pretending
`
    .trim()
    .split(/\s+/),
);
